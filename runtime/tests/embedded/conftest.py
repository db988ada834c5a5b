"""What only this runtime has: its processes, files and command line. Not collected on a stock bench."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import servers

collect_ignore_glob = ["test_*.py"] if os.environ.get("BENCH_DIR") or os.environ.get("TEST_DB") else []


@pytest.fixture
def empty_bench(tmp_path: Path) -> Path:
    """A bench directory without sites and apps."""
    config = {
        "profile": "embedded",
        "default_site": "one.test",
        "apps": [],
        "sites": {"one.test": {"apps": []}},
    }
    (tmp_path / "bench-config.json").write_text(json.dumps(config))
    return tmp_path


@pytest.fixture
def bench_command(empty_bench: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `bench …` in that directory."""

    def run(*arguments: str, status: int = 0, **options: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "bench", *arguments],
            cwd=empty_bench,
            env={**os.environ, "FRAPPE_BENCH_ROOT": str(empty_bench)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a Redis server of these tests' own: a socket in a temporary directory, nothing on disk."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, servers.redis(Path(folder)) as socket:
        yield f"unix://{socket}"


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The same, emptied."""
    import redis

    redis.Redis.from_url(redis_server).flushall()
    return redis_server


@pytest.fixture
def in_its_sites(empty_bench: Path) -> Iterator[Path]:
    """That bench's `sites` as current directory, so that the test may call what commands call, in this process."""
    import frappe

    site, folder, before = frappe.local.site, frappe.local.sites_path, os.getcwd()
    path = empty_bench / "sites"
    path.mkdir(exist_ok=True)
    os.chdir(path)
    yield path
    os.chdir(before)
    frappe.init(site, sites_path=folder, force=True)
    frappe.connect()
