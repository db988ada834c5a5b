"""Where `frappe.cache` keeps its bytes: a file of the site, or the Redis that `redis_cache` names.

The file speaks the few Redis commands that apps use, so that a caller cannot tell the two apart. Nothing in it needs
to survive (it may be deleted while nothing runs), so it is written without fsync. What a process has read it keeps,
with the version of the key's slot in a small file that all processes map: reading again costs no SQL until somebody
writes to that slot.
"""

from __future__ import annotations

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

_SCHEMA = """create table if not exists cached (name text, field text, value blob, expires real,
    primary key (name, field)) without rowid"""
_SLOTS = 4096  # of 8 bytes; the first is the generation of live objects
_BEING_WRITTEN = 1
_MOST_KNOWN = 5000  # values that a process keeps
_SWEEP_EVERY = 500  # writes, on average, between two removals of expired rows
_connections: dict[tuple[int, str], sqlite3.Connection] = {}
_inherited: list[Any] = []


def open_file(path: str, schema: str, synchronous: str) -> sqlite3.Connection:
    """This thread's connection to an SQLite file that processes share."""
    key = (threading.get_ident(), path)
    if key not in _connections:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        for attempt in range(
            200
        ):  # two processes that switch a new file to WAL collide, whatever the timeout
            try:
                connection.executescript(
                    f"pragma journal_mode=wal; pragma synchronous={synchronous}; {schema}"
                )
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or attempt == 199:
                    raise
                time.sleep(0.01)
        _connections[key] = connection
    return _connections[key]


def close_files(folder: str = "") -> None:
    """Before a fork, or before the folder of a site is deleted."""
    _file_cache.cache_clear()
    _shared_of.cache_clear()
    for key in [key for key in _connections if key[1].startswith(folder)]:
        _connections.pop(key).close()


def _after_fork() -> None:
    """What a fork inherited is neither used nor closed, as SQLite wants it."""
    _inherited.append(dict(_connections))
    _connections.clear()
    close_files()


os.register_at_fork(after_in_child=_after_fork)


@functools.cache
def _shared_of(
    site_path: str,
) -> tuple[memoryview, dict[tuple[str, str], tuple[int, bytes | None, float | None]]]:
    """The versions of all slots, and (version, value, expiry) of what this process has read."""
    descriptor = os.open(os.path.join(site_path, "db", "cache.versions"), os.O_RDWR | os.O_CREAT, 0o644)
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
    """One thread's view of `sites/<site>/db/cache.sqlite3`. A plain value is a hash whose one field has no name."""

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
            self._db.execute("delete from cached where expires < ?", (time.time(),))
        return rows

    def hget(self, name: str, field: str) -> bytes | None:
        version = self._versions[_slot(name)]
        known = self._known.get((name, field))
        if known is None or known[0] != version:
            sql = "select value, expires from cached where name = ? and field = ?"
            known = (version, *(self._db.execute(sql, (name, field)).fetchone() or (None, None)))
            if version != _BEING_WRITTEN:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[name, field] = known
        return None if known[2] is not None and known[2] <= time.time() else known[1]

    def hset(self, name: str, field: str, value: Any, expires: float | None = None) -> None:
        data = value if isinstance(value, bytes) else str(value).encode()
        self._write("insert or replace into cached values (?, ?, ?, ?)", name, field, data, expires)

    def hdel(self, name: str, field: str) -> None:
        self._write("delete from cached where name = ? and field = ?", name, field)

    def get(self, name: str) -> bytes | None:
        return self.hget(name, "")

    def set(self, name: str, value: Any, ex: float | None = None) -> None:
        self.hset(name, "", value, time.time() + ex if ex else None)

    def setex(self, name: str, time: float, value: Any) -> None:
        self.set(name, value, ex=time)

    def incrby(self, name: str, amount: int = 1) -> int:
        """Add to a counter that starts at 0; an expired one starts again without an expiry."""
        [(value,)] = self._write(
            "insert into cached values (?1, '', cast(?2 as blob), null) on conflict (name, field) do update set"
            " value = cast(?2 + case when expires <= ?3 then 0 else cast(value as integer) end as blob),"
            " expires = case when expires <= ?3 then null else expires end returning value",
            *(name, amount, time.time()),
        )
        return int(value)

    def expire(self, name: str, seconds: float) -> bool:
        now = time.time()
        sql = (
            "update cached set expires = ?2 where name = ?1 and (expires is null or expires > ?3) returning 1"
        )
        return bool(self._write(sql, name, now + seconds, now))

    def delete(self, *names: str) -> int:
        return sum(bool(self._write("delete from cached where name = ? returning 1", name)) for name in names)

    def keys(self, pattern: str) -> list[bytes]:
        """Names that start as the pattern does, which ends in `*`."""
        sql = "select distinct name from cached where substr(name, 1, ?) = ?"
        return [name.encode() for (name,) in self._db.execute(sql, (len(pattern) - 1, pattern[:-1]))]

    def clear(self) -> None:
        """Forget what was kept for good; with an expiry it is a limit, a counter or a token."""
        for (name,) in self._db.execute("select name from cached where expires is null").fetchall():
            self._write("delete from cached where name = ? and expires is null", name)


@functools.cache
def redis_client(url: str) -> Any:
    """One per process: it keeps connections, per thread and anew after a fork."""
    import redis

    return redis.Redis.from_url(url)


class RedisCache:
    """The site's part of a Redis database during one request or job; all commands are the client's."""

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

    def clear(self) -> None:
        """As FileCache.clear."""
        for name in self._client.scan_iter(match=f"{self.prefix}*", count=1000):
            if self._client.ttl(name) == -1:
                self._client.delete(name)


@functools.cache
def _file_cache(thread: int, site_path: str) -> FileCache:
    return FileCache(site_path)


def current_store() -> FileCache | RedisCache:
    """Of the current site, for this thread."""
    conf, site_path = frappe.local.conf, frappe.local.site_path
    if url := conf.get("redis_cache"):
        return RedisCache(url, conf.db_name)
    path = site_path if site_path.startswith("/") else os.path.abspath(site_path)
    return _file_cache(threading.get_ident(), path)
