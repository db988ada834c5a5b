"""Fixtures that several tests of this app share."""

import json
import subprocess
import sys
from typing import Any

import pytest

from market_mgmt.tests.declared_answers import answers_as_declared

__all__ = ["answers_as_declared", "race"]


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
