"""Functions to run once at a later moment, in the order in which they were added."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


class CallbackManager(deque[Callable[[], Any]]):
    """A queue of callbacks. A callback that adds another one while running is served in the same run."""

    add = deque.append
    reset = deque.clear

    def run(self) -> None:
        while self:
            self.popleft()()
