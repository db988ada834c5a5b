"""`frappe.cache`: values shared by every process of a site, kept in `sites/<site>/db/cache.sqlite3`.

Nothing here needs to survive (the file may be deleted at any time), so it is written without fsync. Counters
(rate limits, failed attempts) are atomic across processes because SQLite serialises writers.

What is derived from files and metadata is kept as live objects in per-process *fronts* (`cache.front("meta")`),
emptied in every process when one of them calls `cache.invalidate_fronts()`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import frappe
from frappe.utils.cache_store import CacheStore


class RedisWrapper:
    """The part of Frappe's Redis client that apps use. The name is Frappe's; there is no Redis here."""

    def __init__(self) -> None:
        self._stores = threading.local()
        self._fronts: dict[str, tuple[int, dict[str, dict]]] = {}

    def __call__(self) -> RedisWrapper:
        return self

    # -- stores and fronts -------------------------------------------------------------------------------

    def _own_stores(self) -> dict[str, CacheStore]:
        """Of this thread and this process: what a fork inherited is not used."""
        if getattr(self._stores, "pid", None) != os.getpid():
            self._stores.pid, self._stores.by_path = os.getpid(), {}
        return self._stores.by_path

    @property
    def _store(self) -> CacheStore:
        """This thread's connection; remembered in `frappe.local` until the site is closed."""
        known = getattr(frappe.local, "cache_store", None)
        if known and known[0] == frappe.local.site_path and known[1] == os.getpid():
            return known[2]
        path = os.path.abspath(frappe.local.site_path)
        opened = self._own_stores()
        if path not in opened:
            opened[path] = CacheStore(path)
        frappe.local.cache_store = (frappe.local.site_path, os.getpid(), opened[path])
        return opened[path]

    def front(self, name: str) -> dict:
        """A dict of live objects of this process and site; empty again after any process invalidated it."""
        store = self._store
        generation = store.generation()
        known = self._fronts.get(store.site_path)
        if known is None or known[0] != generation:
            known = self._fronts[store.site_path] = (generation, {})
        return known[1].setdefault(name, {})

    def invalidate_fronts(self) -> None:
        """Now, and again when the transaction ends: a reader may refill from the state before the commit."""
        self._store.bump()
        db = getattr(frappe.local, "db", None)
        if db is not None and not frappe.local.flags.fronts_bump_waits:
            frappe.local.flags.fronts_bump_waits = True
            for callbacks in (db.after_commit, db.after_rollback):
                callbacks.add(self._bump)

    def _bump(self) -> None:
        frappe.local.flags.fronts_bump_waits = False
        self._store.bump()

    def forget_site(self) -> None:
        """Close this thread's file of the current site (before the site's folder is deleted)."""
        site_path = os.path.abspath(frappe.local.site_path)
        store = self._own_stores().pop(site_path, None)
        self._fronts.pop(site_path, None)
        frappe.local.cache_store = None
        if store:
            store.close()

    def close(self) -> None:
        """Close this thread's files (before a fork); they are opened again when needed."""
        stores = self._own_stores()
        while stores:
            stores.popitem()[1].close()
        frappe.local.cache_store = None

    def connected(self) -> bool:
        return True

    ping = connected

    # -- values ------------------------------------------------------------------------------------------

    def make_key(self, key: str, user: str | bool | None = None, shared: bool = False) -> str:
        """Every site has its own file, so only the user needs to be part of a key."""
        if not user:
            return str(key)
        return f"user:{frappe.session.user if user is True else user}:{key}"

    def get_value(
        self,
        key: str,
        generator: Callable[[], Any] | None = None,
        user: str | bool | None = None,
        expires: bool = False,
        shared: bool = False,
    ) -> Any:
        """The value, else what `generator` makes (and keeps). Values without expiry are read once a request."""
        full_key = self.make_key(key, user, shared)
        local_values = frappe.local.cache
        if not expires and full_key in local_values:
            return local_values[full_key]
        value = _load(self._raw(full_key))
        if value is None and generator:
            value = generator()
            self.set_value(full_key, value)
        elif value is not None and not expires:
            local_values[full_key] = value
        return value

    def set_value(
        self,
        key: str,
        val: Any,
        user: str | bool | None = None,
        expires_in_sec: float | None = None,
        shared: bool = False,
    ) -> None:
        full_key = self.make_key(key, user, shared)
        if not expires_in_sec:
            frappe.local.cache[full_key] = val
        self._put(full_key, pickle.dumps(val), expires_in_sec)

    def delete_value(
        self,
        keys: str | Iterable[str],
        user: str | bool | None = None,
        make_keys: bool = True,
        shared: bool = False,
    ) -> None:
        for key in [keys] if isinstance(keys, str) else list(keys):
            full_key = self.make_key(key, user, shared) if make_keys else key
            frappe.local.cache.pop(full_key, None)
            self._store.write("delete from kv where key = ?", (full_key,))
            self._store.write("delete from hash where name = ?", (full_key,))

    delete_key = delete_value

    def get_keys(self, key: str) -> list[str]:
        """Names of all values and hashes that start with `key` (a trailing `*` is allowed)."""
        prefix = key.rstrip("*")
        rows = self._store.db.execute(
            "select key from kv where substr(key, 1, ?) = ? and (expires is null or expires > ?)"
            " union select name from hash where substr(name, 1, ?) = ?",
            (len(prefix), prefix, time.time(), len(prefix), prefix),
        )
        return [row[0] for row in rows]

    def delete_keys(self, key: str) -> None:
        self.delete_value(self.get_keys(key), make_keys=False)

    def exists(self, *names: str, user: str | bool | None = None, shared: bool = False) -> int:
        return sum(bool(self.get_keys_exact(self.make_key(name, user, shared))) for name in names)

    def get_keys_exact(self, key: str) -> bool:
        if self._raw(key) is not None:
            return True
        return (
            self._store.db.execute("select 1 from hash where name = ? limit 1", (key,)).fetchone() is not None
        )

    def clear_derived(self) -> None:
        """Forget what can be computed again. Counters, plain values and what was given an expiry stay: they are
        limits, locks and tokens."""
        self._store.write("delete from kv where expires is null and substr(value, 1, 1) = x'80'")  # pickles
        self._store.write("delete from hash")
        frappe.local.cache.clear()
        self.invalidate_fronts()

    def flushall(self) -> None:
        self._store.write("delete from kv")
        self._store.write("delete from hash")
        frappe.local.cache.clear()
        self.invalidate_fronts()

    # -- hashes ------------------------------------------------------------------------------------------

    def hset(self, name: str, key: str, value: Any, shared: bool = False, *args: Any, **kwargs: Any) -> None:
        frappe.local.cache.setdefault(name, {})[str(key)] = value
        self._store.write(
            "insert or replace into hash values (?, ?, ?)", (name, str(key), pickle.dumps(value))
        )

    def hget(
        self, name: str, key: str, generator: Callable[[], Any] | None = None, shared: bool = False
    ) -> Any:
        known = frappe.local.cache.setdefault(name, {})
        if str(key) in known:
            return known[str(key)]
        row = self._store.db.execute(
            "select value from hash where name = ? and field = ?", (name, str(key))
        ).fetchone()
        value = pickle.loads(row[0]) if row else None
        if value is None and generator:
            value = generator()
            self.hset(name, key, value)
        elif value is not None:
            known[str(key)] = value
        return value

    def hexists(self, name: str, key: str, shared: bool = False) -> bool:
        return self.hget(name, key) is not None

    def hgetall(self, name: str) -> dict[str, Any]:
        rows = self._store.db.execute("select field, value from hash where name = ?", (name,))
        return {field: pickle.loads(value) for field, value in rows}

    def hkeys(self, name: str) -> list[str]:
        rows = self._store.db.execute("select field from hash where name = ? order by field", (name,))
        return [row[0] for row in rows]

    def hdel(self, name: str, keys: str | Iterable[str], shared: bool = False, pipeline: Any = None) -> None:
        known = frappe.local.cache.get(name)
        for key in [keys] if isinstance(keys, str) else list(keys):
            if isinstance(known, dict):
                known.pop(str(key), None)
            self._store.write("delete from hash where name = ? and field = ?", (name, str(key)))

    # -- plain Redis commands ----------------------------------------------------------------------------

    def get(self, name: str) -> bytes | None:
        return self._raw(name)

    def set(self, name: str, value: Any, ex: float | None = None, nx: bool = False) -> bool | None:
        """With nx: only if absent, atomically over processes; None tells that it was there."""
        data = value if isinstance(value, bytes) else str(value).encode()
        if not nx:
            self._put(name, data, ex)
            return True
        now = time.time()
        done = self._store.write(
            "insert into kv values (?1, ?2, ?3) on conflict (key) do update set value = ?2, expires = ?3"
            " where expires < ?4",
            (name, data, now + ex if ex else None, now),
        )
        return True if done.rowcount else None

    def setex(self, name: str, time: float, value: Any) -> bool | None:
        return self.set(name, value, ex=time)

    def incrby(self, name: str, amount: int = 1) -> int:
        """Add to a counter that starts at 0; an expired one starts again without an expiry."""
        row = self._store.write(
            "insert into kv values (?1, cast(?2 as text), null) on conflict (key) do update set"
            " value = case when expires < ?3 then cast(?2 as text)"
            " else cast(cast(cast(value as text) as integer) + ?2 as text) end,"
            " expires = case when expires < ?3 then null else expires end returning value",
            (name, amount, time.time()),
        ).fetchone()
        return int(row[0])

    incr = incrby

    def expire(self, name: str, time_: float) -> bool:
        done = self._store.write("update kv set expires = ? where key = ?", (time.time() + time_, name))
        return bool(done.rowcount)

    def ttl(self, name: str) -> int:
        """Seconds left; -1 without expiry, -2 when there is no such key."""
        row = self._store.db.execute("select expires from kv where key = ?", (name,)).fetchone()
        if row is None or (row[0] is not None and row[0] <= time.time()):
            return -2
        return -1 if row[0] is None else round(row[0] - time.time())

    def delete(self, *names: str) -> int:
        return sum(self._store.write("delete from kv where key = ?", (name,)).rowcount for name in names)

    # -- helpers -----------------------------------------------------------------------------------------

    def _raw(self, key: str) -> bytes | None:
        row = self._store.db.execute("select value, expires from kv where key = ?", (key,)).fetchone()
        if row is None or (row[1] is not None and row[1] <= time.time()):
            return None
        return row[0] if isinstance(row[0], bytes) else str(row[0]).encode()

    def _put(self, key: str, data: bytes, seconds: float | None) -> None:
        expires = time.time() + seconds if seconds else None
        self._store.write("insert or replace into kv values (?, ?, ?)", (key, data, expires))


def _load(data: bytes | None) -> Any:
    """Values written by plain commands (`set`, `incrby`) are not pickles; they read as None, like no value."""
    if data is None:
        return None
    with contextlib.suppress(pickle.UnpicklingError, EOFError, ValueError, KeyError):
        return pickle.loads(data)
    return None


cache = RedisWrapper()
