"""Fixtures of the tests that cross apps: a served site with simulators, one per parallel worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import LiveSite, live
from tests.sites import copied_bench, servers, stock_bench
from tests.world import NOW, World

# About this repository, or about the processes of the embedded profile.
ABOUT_US = ["test_compare.py", "test_docs.py", "test_runtime_usage.py"]
if stock_bench():
    collect_ignore = [*ABOUT_US, "test_start.py", "reliability", "test_site_export.py", "test_bench_money.py"]
else:
    collect_ignore = ABOUT_US if servers() else []


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[LiveSite]:
    """A web server and simulators around a throw-away site with both apps. What tests do to it stays: each test
    makes markets and merchants of its own. On a stock bench it is the site of the other tests."""
    bench = stock_bench() or copied_bench(tmp_path_factory, worker_id, "live", "live.localhost")
    with live(bench) as site:
        if not bench.stock and not servers():
            site.configure(db_name=bench.site)
        yield site


@pytest.fixture
def world(live_site: LiveSite) -> Iterator[World]:
    """The served site on 5 November 2026, when the bills of October are out and not yet due."""
    live_site.set_clock(NOW)
    yield World(live_site)
    live_site.control("reset")
