"""Sleeping under a faked date, for every Python of this environment (deploy/setup.sh lists it in a `.pth` file).

Debian's faketime 0.9.10 with FAKETIME_DONT_FAKE_MONOTONIC=1 still moves the end of a sleep on the monotonic clock by the
faked difference, and Python 3.11 sleeps that way: `time.sleep` answers EINVAL or does not wait. `select` waits rightly.
"""

from __future__ import annotations

import select
import time
from typing import Any


def _sleep(seconds: Any, /) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
