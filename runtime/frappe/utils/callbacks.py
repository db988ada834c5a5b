"""Functions to run once at a later moment, in the order in which they were added."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


class CallbackManager:
    """A queue of callbacks. A callback that adds another one while running is served in the same run."""

    __slots__ = ("_functions",)

    def __init__(self) -> None:
        self._functions: deque[Callable[[], Any]] = deque()

    def add(self, func: Callable[[], Any]) -> None:
        self._functions.append(func)

    def __call__(self, func: Callable[[], Any]) -> None:
        self.add(func)

    def run(self) -> None:
        while self._functions:
            self._functions.popleft()()

    def reset(self) -> None:
        self._functions.clear()
