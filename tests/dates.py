"""Run the embedded profile's tests as if it were another day: `python -m tests.dates [--day "2027-02-28 12:00"]… [pytest options]`.

The whole system's date is faked by Debian's faketime, for the tests and every process that they start (not for MariaDB
and Redis, see tests/servers.py), in a shell that ignores SIGINT, as CI's may. Ends with one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The last minutes of a year (in Beijing its first morning), the ends of a short and a long February, and a Monday.
DAYS = ("2026-12-31 23:58", "2027-02-28 12:00", "2028-02-29 23:58", "2027-03-01 06:00")


# Qt and the faked clock do not get along: now and then it ends with a segmentation fault. What it prints has no date of its own.
IN_REAL_TIME = "wkhtmltopdf"


def environment(programs: Path) -> dict[str, str]:
    """Waits measure the monotonic clock: it must not be faked, else they hang. `programs` come before all others."""
    return {
        **os.environ,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": os.environ.get("TZ", "UTC"),
        "PATH": f"{programs}:{os.environ['PATH']}",
    }


def without_fake(program: str, directory: Path) -> None:
    """Puts a program of that name there that starts the real one without the faked date, if it is installed."""
    real = shutil.which(program)
    if real:
        script = directory / program
        script.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec {shlex.quote(real)} "$@"\n')
        script.chmod(0o700)


def run_on(day: str, options: list[str]) -> int:
    """The exit status of the tests on that day."""
    command = ["faketime", day, sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *options]
    with tempfile.TemporaryDirectory() as programs:
        without_fake(IN_REAL_TIME, Path(programs))
        return subprocess.run(command, env=environment(Path(programs)), check=False).returncode


def main(arguments: list[str]) -> int:
    """0 when every day passed."""
    if not shutil.which("faketime"):
        raise SystemExit("✗ 缺少 faketime。请管理员执行：apt-get install faketime")
    parser = argparse.ArgumentParser(prog="python -m tests.dates")
    parser.add_argument(
        "--day", action="append", dest="days", help=f"one of several; default: {', '.join(DAYS)}"
    )
    chosen, options = parser.parse_known_args(arguments)
    days = chosen.days or list(DAYS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    began, failed = time.monotonic(), []
    for day in days:
        print(f"→ {day}", flush=True)
        if run_on(day, options):
            failed.append(day)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"days": days, "failed": failed, "seconds": seconds}, ensure_ascii=False))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
