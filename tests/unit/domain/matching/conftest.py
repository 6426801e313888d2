"""The one place that tells Hypothesis how long an example of matching may take."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The machine may be shared: an example is judged by its result, not by its milliseconds.
settings.register_profile(
    "matching", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("matching")
