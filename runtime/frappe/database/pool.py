"""Idle connections, kept for the next request: opening one costs milliseconds. Each belongs to one process."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from typing import Any

KEEP = 8
_idle: defaultdict[tuple, deque[Any]] = defaultdict(deque)


def take(key: tuple) -> Any | None:
    """An idle connection under that key, or None."""
    try:
        return _idle[key].pop()
    except IndexError:
        return None


def give_back(connection: Any, key: tuple) -> None:
    """Keep a connection without an open transaction; close it when there are enough."""
    if len(_idle[key]) < KEEP:
        _idle[key].append(connection)
    else:
        connection.close()


def forget(key: tuple) -> None:
    """Close the idle connections whose keys begin like this: their database is about to be deleted."""
    for found in [k for k in _idle if k[: len(key)] == key]:
        for connection in _idle.pop(found):
            connection.close()


def close_all() -> None:
    """Before a fork: connections must not be carried into a child process."""
    forget(())


os.register_at_fork(before=close_all)
