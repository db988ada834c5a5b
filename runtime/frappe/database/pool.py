"""Idle connections, kept for the next request: opening one costs milliseconds. Each belongs to one process."""

from __future__ import annotations

import os
from collections import deque
from typing import Any

KEEP = 8
_idle: dict[tuple, deque[Any]] = {}


def _own(key: tuple) -> tuple:
    return (os.getpid(), *key)


def take(key: tuple) -> Any | None:
    """An idle connection of this process under that key, or None."""
    try:
        return _idle[_own(key)].pop()
    except (KeyError, IndexError):
        return None


def give_back(connection: Any, key: tuple) -> None:
    """Keep a connection without an open transaction; close it when there are enough."""
    waiting = _idle.setdefault(_own(key), deque())
    if len(waiting) < KEEP:
        waiting.append(connection)
    else:
        connection.close()


def forget(key: tuple) -> None:
    """Close the idle connections whose keys begin like this: their database is about to be deleted."""
    begin = _own(key)
    for found in [k for k in _idle if k[: len(begin)] == begin]:
        for connection in _idle.pop(found):
            connection.close()


def close_all() -> None:
    """Before a fork: connections must not be carried into a child process."""
    while _idle:
        for connection in _idle.popitem()[1]:
            connection.close()
