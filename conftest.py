"""Tests of the whole repository share one way to get a site: see tests/sites.py."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.sites"]

# How long an example takes to make says something of the machine's other work, nothing of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
