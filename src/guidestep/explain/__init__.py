"""Why a recommendation came out as it did."""
