"""Fixtures that several tests of this app share."""

import json
import subprocess
import sys
from typing import Any

import pytest

from market_mgmt.tests import factories
from market_mgmt.tests.declared_answers import answers_as_declared

__all__ = ["answers_as_declared", "race", "rent", "shop"]


@pytest.fixture
def shop(site):
    """A stall at 1000.00 a month; tests that need another one have their own `shop`."""
    return factories.shop(rent="1000.00")


@pytest.fixture
def rent(shop):
    """The shop's October rent, published on 1 November, due on the 8th, late from the 9th on."""
    return factories.rent_bill(shop)


@pytest.fixture
def race(site, bench):
    """Start several processes, let them go at the same moment, and return what each of them answers."""

    def run(*entries: tuple[str, dict[str, Any]]) -> list[Any]:
        site.db.commit()
        racer = subprocess.run(
            [
                sys.executable,
                "-m",
                "market_mgmt.tests.racer",
                str(bench.sites),
                bench.site,
                json.dumps(entries),
            ],
            cwd=bench.sites,
            env=bench.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=120,
        )
        site.db.rollback()  # a new snapshot, in which their work is seen
        return json.loads(racer.stdout.splitlines()[-1])

    return run
