"""The file behind `frappe.cache`, and the counter by which processes tell each other that metadata changed."""

from __future__ import annotations

import mmap
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterable
from typing import Any

_SCHEMA = """
create table if not exists kv (key text primary key, value blob, expires real) without rowid;
create table if not exists hash (name text, field text, value blob, primary key (name, field)) without rowid;
"""
_SWEEP_EVERY = 500  # writes between two removals of expired rows


class CacheStore:
    """One thread's connection to one site's cache file."""

    def __init__(self, site_path: str) -> None:
        self.site_path = site_path
        folder = os.path.join(site_path, "db")
        os.makedirs(folder, exist_ok=True)
        self.db = sqlite3.connect(
            os.path.join(folder, "cache.sqlite3"), timeout=10, isolation_level=None, check_same_thread=False
        )
        self.db.execute("pragma busy_timeout=10000")
        _retry_locked(lambda: self.db.execute("pragma journal_mode=wal"))
        self.db.execute("pragma synchronous=off")
        _retry_locked(lambda: self.db.executescript(_SCHEMA))
        self._generation_file = _generation_map(os.path.join(folder, "cache.generation"))
        self.writes = 0

    def generation(self) -> int:
        return struct.unpack_from("<Q", self._generation_file)[0]

    def bump(self) -> None:
        """Two processes must not write the same number: the write lock of the cache file orders them."""
        self.db.execute("begin immediate")
        try:
            struct.pack_into("<Q", self._generation_file, 0, self.generation() + 1)
        finally:
            self.db.execute("commit")

    def write(self, sql: str, params: Iterable[Any] = ()) -> sqlite3.Cursor:
        self.writes += 1
        if self.writes % _SWEEP_EVERY == 0:
            self.db.execute("delete from kv where expires < ?", (time.time(),))
        return self.db.execute(sql, tuple(params))

    def close(self) -> None:
        self.db.close()
        self._generation_file.close()


def _retry_locked(action: Callable[[], Any]) -> None:
    """Switching a new file to WAL ignores the busy timeout, so two starting processes can collide."""
    for attempt in range(200):
        try:
            action()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == 199:
                raise
            time.sleep(0.01)


def _generation_map(path: str) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if os.fstat(descriptor).st_size < 8:
            os.ftruncate(descriptor, 8)
        return mmap.mmap(descriptor, 8)
    finally:
        os.close(descriptor)
