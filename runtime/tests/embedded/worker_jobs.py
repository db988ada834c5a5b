"""A worker for test_worker.py that knows some more jobs, as `frappe.worker_jobs.…`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def note(folder: str, text: str) -> None:
    """Write down that it ran."""
    with open(Path(folder) / "notes", "a", encoding="utf-8") as file:
        file.write(text)


def takes_until_told(folder: str) -> None:
    """Runs until there is a file `may_end`; its process id is in `started`."""
    note(folder, "x")
    (Path(folder) / "started").write_text(str(os.getpid()))
    while not (Path(folder) / "may_end").exists():
        time.sleep(0.01)


def deadly(folder: str) -> None:
    """Kills its process."""
    note(folder, "x")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from frappe.utils.worker import main

    sys.modules["frappe.worker_jobs"] = sys.modules["__main__"]
    main(burst="--burst" in sys.argv, quiet=True)
