"""The properties that `verify` checks, one module a concept: each says what would break it."""
