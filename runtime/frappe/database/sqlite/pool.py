"""Idle connections, kept for the next request: opening one costs milliseconds, and closing the last one more (it
writes the log back into the database file)."""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Hashable

KEEP = 8
_Key = tuple[int, int, int, Hashable]
_idle: dict[_Key, deque[sqlite3.Connection]] = {}


def _key(path: str, settings: Hashable) -> _Key | None:
    """This process, this file (a deleted or replaced one is another file), these settings."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (os.getpid(), status.st_dev, status.st_ino, settings)


def take(path: str, settings: Hashable) -> sqlite3.Connection | None:
    """An idle connection to this very file, or None."""
    key = _key(path, settings)
    try:
        return _idle[key].pop() if key else None
    except (KeyError, IndexError):
        return None


def give_back(connection: sqlite3.Connection, path: str, settings: Hashable) -> None:
    """End what is open and keep the connection; close it when there are enough or the file is gone."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    key = _key(path, settings)
    waiting = _idle.setdefault(key, deque()) if key else None
    if waiting is None or len(waiting) >= KEEP:
        connection.close()
    else:
        waiting.append(connection)


def forget(path: str) -> None:
    """Close the idle connections to a file that is about to be deleted."""
    found = _key(path, None)
    for key in [key for key in _idle if found and key[:3] == found[:3]]:
        for connection in _idle.pop(key):
            connection.close()


def close_all() -> None:
    """Before a fork: SQLite connections must not be carried into a child process."""
    while _idle:
        for connection in _idle.popitem()[1]:
            connection.close()
