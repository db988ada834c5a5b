"""`frappe.cache`: values shared by every process of a site, in a file or (server profile) in Redis.

What is derived from files and metadata is kept as live objects in per-process *fronts* (`cache.front("meta")`),
emptied in every process when one of them calls `cache.invalidate_fronts()`.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable
from typing import Any

import frappe
from frappe.utils.cache_store import FileCache, RedisCache, close_files, current_store


class RedisWrapper:
    """The part of Frappe's Redis client that apps use; plain commands (`incrby`, `expire` …) are the store's."""

    def __init__(self) -> None:
        self._fronts: dict[str, tuple[Any, dict[str, dict]]] = {}

    def __call__(self) -> RedisWrapper:
        return self

    def __getattr__(self, command: str) -> Any:
        return getattr(self._store(), command)

    def _store(self) -> FileCache | RedisCache:
        """The site's, looked up once a request."""
        kept = frappe.local.cache
        if "store" not in kept:
            kept["store"] = current_store()
        return kept["store"]

    # -- live objects ------------------------------------------------------------------------------------

    def front(self, name: str) -> dict:
        """A dict of live objects of this process and site; empty again after any process invalidated it."""
        fronts = frappe.local.fronts
        return (self.pin_fronts() if fronts is None else fronts).setdefault(name, {})

    def pin_fronts(self) -> dict[str, dict]:
        """Called before a transaction takes its snapshot. What is derived from a snapshot goes into the fronts of before
        it: were another transaction to end meanwhile, the old state must not be kept as the new one."""
        store = self._store()
        generation = store.generation()
        fronts = self._fronts.get(store.place)
        if fronts is None or fronts[0] != generation:
            fronts = self._fronts[store.place] = (generation, {})
        frappe.local.fronts = fronts[1]
        return fronts[1]

    def invalidate_fronts(self) -> None:
        """Now, and again when the transaction ends; until then what this one derives is seen by nobody else."""
        self.bump()
        db = getattr(frappe.local, "db", None)
        frappe.local.fronts = None if db is None else {}
        if db is not None and not frappe.local.flags.fronts_bump_waits:
            frappe.local.flags.fronts_bump_waits = True
            db.after_commit.add(self._bump_at_end)
            db.after_rollback.add(self._bump_at_end)

    def _bump_at_end(self) -> None:
        frappe.local.flags.fronts_bump_waits = False
        self.bump()
        frappe.local.fronts = None

    # -- files -------------------------------------------------------------------------------------------

    def forget_site(self) -> None:
        """Before the current site is deleted: another one may get its name, and must not find its sessions."""
        self.delete_keys("")
        store = self._store()
        store.bump()
        self._fronts.pop(store.place, None)
        close_files(store.place + os.sep)
        frappe.local.cache, frappe.local.fronts = {}, None

    def close(self) -> None:
        """Let go of all files, before a fork; they are opened again when needed."""
        frappe.local.cache = {}
        close_files()

    # -- values ------------------------------------------------------------------------------------------

    def make_key(self, key: str) -> str:
        """The key as the plain commands want it: of this site."""
        return self._store().prefix + key

    def get_value(self, key: str, *, expires: bool = False) -> Any:
        """The value as it is now (Frappe wants to be told that it may expire), or None."""
        data = self._store().get(self.make_key(key))
        return None if data is None else pickle.loads(data)

    def set_value(self, key: str, val: Any, expires_in_sec: float | None = None) -> None:
        self._store().set(self.make_key(key), pickle.dumps(val), ex=expires_in_sec)

    def delete_value(self, keys: str | Iterable[str]) -> None:
        for key in [keys] if isinstance(keys, str) else keys:
            self._store().delete(self.make_key(key))

    def delete_keys(self, key: str, lasting: bool = False) -> None:
        """Delete all values whose key starts so; with `lasting` only those without an expiry."""
        for name in self._store().names(self.make_key(key), lasting):
            self._store().delete(name)


cache = RedisWrapper()
