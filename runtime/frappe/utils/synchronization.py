"""Locks between processes: on files, which the system releases when a process dies, or in Redis between machines."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.utils.cache_store import redis_client
from frappe.utils.file_lock import LockTimeoutError

_POLL_SECONDS = 0.02
_LEASE_SECONDS = 30  # a lock in Redis is free so long after its holder died


def try_lock(path: str) -> int | None:
    """Take the lock file and return its descriptor (close it to let go), or None if another holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def filelock(lock_name: str, *, timeout: float = 30) -> Iterator[None]:
    """Hold the lock of the site; waits `timeout` seconds, then raises LockTimeoutError."""
    with try_to_hold(lock_name, timeout) as held:
        if not held:
            message = _("Failed to acquire lock: {0}. Lock may be held by another process.")
            raise LockTimeoutError(message.format(lock_name))
        yield


@contextlib.contextmanager
def try_to_hold(name: str, timeout: float, is_global: bool = False) -> Iterator[bool]:
    """Gives whether it got the lock of the site (or of the bench), which it then holds to the end of the block."""
    local = frappe.local
    if url := local.conf.get("redis_cache"):
        owner = "" if is_global else local.conf.db_name
        yield from _hold_in_redis(redis_client(url), f"lock|{owner}|{name}", timeout)
    else:
        folder = os.path.join(local.sites_path if is_global else local.site_path, "locks")
        os.makedirs(folder, exist_ok=True)
        yield from _hold_file(os.path.join(folder, f"{name}.lock"), timeout)


def _hold_file(path: str, timeout: float) -> Iterator[bool]:
    give_up = time.monotonic() + timeout
    while (descriptor := try_lock(path)) is None and time.monotonic() < give_up:
        time.sleep(_POLL_SECONDS)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _hold_in_redis(client: Any, name: str, timeout: float) -> Iterator[bool]:
    """A lease that a thread renews while it is held."""
    from redis.exceptions import RedisError

    lock = client.lock(name, _LEASE_SECONDS, _POLL_SECONDS, blocking_timeout=timeout, thread_local=False)
    if not lock.acquire():
        yield False
        return
    done = threading.Event()

    def renew() -> None:
        while not done.wait(_LEASE_SECONDS / 3):
            with contextlib.suppress(RedisError):
                lock.reacquire()

    threading.Thread(target=renew, daemon=True).start()
    try:
        yield True
    finally:
        done.set()
        with contextlib.suppress(RedisError):  # the lease ran out, and another may hold it by now
            lock.release()
