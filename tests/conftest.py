"""Settings for all tests."""

import os

from hypothesis import HealthCheck, settings

# A busy machine is no failure: no deadline. GUIDESTEP_EXAMPLES asks for a longer search.
settings.register_profile(
    "guidestep",
    deadline=None,
    max_examples=int(os.environ.get("GUIDESTEP_EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("guidestep")
