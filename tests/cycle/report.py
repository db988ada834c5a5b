"""What the cycle prints: numbered steps with a progress bar, one line of result each."""

from __future__ import annotations

import sys
import time

BAR = 24


class Story:
    """Tells the month step by step; the bar is drawn only on a terminal."""

    def __init__(self) -> None:
        self._number = 0
        self._title = ""
        self._began = time.monotonic()
        self._live = sys.stdout.isatty()

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._number += 1
        self._title = f"{self._number:>2}. {title}"
        self._began = time.monotonic()
        if self._live:
            print(self._title, end="", flush=True)

    def progress(self, done: int, total: int) -> None:
        """Move the bar of the current step."""
        if self._live and total:
            filled = BAR * done // total
            bar = "█" * filled + "·" * (BAR - filled)
            print(f"\r{self._title}  {bar} {done}/{total}", end="", flush=True)

    def done(self, result: str) -> None:
        """End the step with what came of it."""
        start = "\r\033[K" if self._live else ""
        print(f"{start}{self._title}：{result}（{time.monotonic() - self._began:.1f} 秒）", flush=True)
