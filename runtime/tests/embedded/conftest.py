"""What only this runtime has: its processes, files and command line. Not collected on a stock bench."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

collect_ignore_glob = ["test_*.py"] if os.environ.get("BENCH_DIR") else []


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
