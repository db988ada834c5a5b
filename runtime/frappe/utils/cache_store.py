"""Where `frappe.cache` keeps its bytes: a file of the site, or the Redis that `redis_cache` names.

The file speaks the few Redis commands that apps use, so that a caller cannot tell the two apart. Nothing in it needs
to survive (it may be deleted while nothing runs), so it is written without fsync. What a process has read it keeps,
with the version of the key's slot in a small file that all processes map: reading again costs no SQL until somebody
writes to that slot.
"""

from __future__ import annotations

import fcntl
import functools
import mmap
import os
import random
import sqlite3
import threading
import time
import zlib
from typing import Any

import frappe

_SCHEMA = "create table if not exists entries (name text primary key, value blob, expires real) without rowid"
_SLOTS = 4096  # of 8 bytes; the first is the generation of live objects
_BEING_WRITTEN = 1
_MOST_KNOWN = 5000  # values that a process keeps
_SWEEP_EVERY = 500  # writes, on average, between two removals of expired rows
_connections: dict[tuple[int, int, str], sqlite3.Connection] = {}


def open_file(path: str, schema: str, synchronous: str) -> sqlite3.Connection:
    """This thread's connection to an SQLite file that processes share. One that a fork inherited is not used again."""
    key = (os.getpid(), threading.get_ident(), path)
    if key not in _connections:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        # Two that switch a new file to WAL collide, whatever the timeout.
        with open(f"{path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection.executescript(f"pragma journal_mode=wal; pragma synchronous={synchronous}; {schema}")
        _connections[key] = connection
    return _connections[key]


def close_files(folder: str = "") -> None:
    """Before a fork, or before the folder of a site is deleted."""
    _file_cache.cache_clear()
    _shared_of.cache_clear()
    for key in [key for key in _connections if key[0] == os.getpid() and key[2].startswith(folder)]:
        _connections.pop(key).close()


@functools.cache
def _shared_of(site_path: str) -> tuple[memoryview, dict[str, tuple[int, bytes | None, float | None]]]:
    """The versions of all slots, and (version, value, expiry) of what this process has read."""
    descriptor = os.open(os.path.join(site_path, "db", "cache.versions"), os.O_RDWR | os.O_CREAT, 0o600)
    os.truncate(descriptor, _SLOTS * 8)
    versions = memoryview(mmap.mmap(descriptor, _SLOTS * 8)).cast("Q")
    os.close(descriptor)
    return versions, {}


def _slot(name: str) -> int:
    return 1 + zlib.crc32(name.encode()) % (_SLOTS - 1)


def _new_version() -> int:
    """Random: two processes never mean different things by the same number, and none needs a lock to count."""
    return random.getrandbits(62) + 2


class FileCache:
    """One thread's view of `sites/<site>/db/cache.sqlite3` during one request or job."""

    prefix = ""

    def __init__(self, site_path: str) -> None:
        self.place = site_path
        self._db = open_file(os.path.join(site_path, "db", "cache.sqlite3"), _SCHEMA, "off")
        self._versions, self._known = _shared_of(site_path)

    def generation(self) -> Any:
        return self._versions[0]

    def bump(self) -> None:
        self._versions[0] = _new_version()

    def _write(self, sql: str, name: str, *params: Any) -> list[tuple]:
        """Marked before: were the process killed after its commit, the others would not trust what they know."""
        slot = _slot(name)
        self._versions[slot] = _BEING_WRITTEN
        try:
            rows = self._db.execute(sql, (name, *params)).fetchall()
        finally:
            version = self._versions[slot] = _new_version()
        if version % _SWEEP_EVERY == 0:
            self._db.execute("delete from entries where expires < ?", (time.time(),))
        return rows

    def get(self, name: str) -> bytes | None:
        version = self._versions[_slot(name)]
        known = self._known.get(name)
        if known is None or known[0] != version:
            row = self._db.execute("select value, expires from entries where name = ?", (name,)).fetchone()
            known = (version, *(row or (None, None)))
            if version != _BEING_WRITTEN:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[name] = known
        return None if known[2] is not None and known[2] <= time.time() else known[1]

    def set(self, name: str, value: Any, ex: float | None = None) -> None:
        data = value if isinstance(value, bytes) else str(value).encode()
        expires = time.time() + ex if ex else None
        self._write("insert or replace into entries values (?, ?, ?)", name, data, expires)

    def setex(self, name: str, time: float, value: Any) -> None:
        self.set(name, value, ex=time)

    def incrby(self, name: str, amount: int = 1) -> int:
        """Add to a counter that starts at 0; an expired one starts again without an expiry."""
        [(value,)] = self._write(
            "insert into entries values (?1, cast(?2 as blob), null) on conflict (name) do update set"
            " value = cast(?2 + case when expires <= ?3 then 0 else cast(value as integer) end as blob),"
            " expires = case when expires <= ?3 then null else expires end returning value",
            *(name, amount, time.time()),
        )
        return int(value)

    def expire(self, name: str, seconds: float) -> None:
        now = time.time()
        sql = "update entries set expires = ?2 where name = ?1 and (expires is null or expires > ?3)"
        self._write(sql, name, now + seconds, now)

    def delete(self, *names: str) -> None:
        for name in names:
            self._write("delete from entries where name = ?", name)

    def names(self, prefix: str, lasting: bool) -> list[str]:
        """Names that start so; with `lasting` only those without an expiry."""
        sql = "select name from entries where substr(name, 1, ?) = ? and (expires is null or not ?)"
        return [name for (name,) in self._db.execute(sql, (len(prefix), prefix, lasting))]


@functools.cache
def redis_client(url: str) -> Any:
    """One per process: it keeps connections, per thread and anew after a fork."""
    import redis

    return redis.Redis.from_url(url)


class RedisCache:
    """The site's part of a Redis database during one request or job; other commands are the client's."""

    def __init__(self, url: str, db_name: str) -> None:
        self.prefix = f"{db_name}|"
        self.place = f"{url} {db_name}"
        self._client = redis_client(url)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def generation(self) -> Any:
        return self._client.get(f"generation|{self.prefix}")

    def bump(self) -> None:
        self._client.set(f"generation|{self.prefix}", str(_new_version()))

    def names(self, prefix: str, lasting: bool) -> list[str]:
        """As FileCache.names."""
        found = self._client.scan_iter(match=f"{prefix}*", count=1000)
        return [name.decode() for name in found if not lasting or self._client.ttl(name) == -1]


def current_store() -> FileCache | RedisCache:
    """Of the current site, for this thread."""
    conf, path = frappe.local.conf, frappe.local.site_path
    if url := conf.get("redis_cache"):
        return RedisCache(url, conf.db_name)
    absolute = path if path.startswith("/") else os.path.abspath(path)
    return _file_cache(os.getpid(), threading.get_ident(), absolute)


@functools.cache
def _file_cache(_process: int, _thread: int, site_path: str) -> FileCache:
    return FileCache(site_path)
