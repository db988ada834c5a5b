"""Tests of the whole repository share one way to get a site: see tests/sites.py."""

pytest_plugins = ["tests.sites"]
