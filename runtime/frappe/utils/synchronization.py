"""Locks between processes: advisory locks on files, which the system releases when a process dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

import frappe
from frappe import _
from frappe.utils.file_lock import LockTimeoutError

_POLL_SECONDS = 0.02


def lock_path(name: str, *, is_global: bool = False) -> str:
    """`sites/<site>/locks/<name>.lock`, or one for the whole bench."""
    folder = os.path.join(frappe.local.sites_path if is_global else frappe.local.site_path, "locks")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, f"{name}.lock")


def try_lock(path: str) -> int | None:
    """Take the lock file and return its descriptor (close it to let go), or None if another holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def filelock(lock_name: str, *, timeout: float = 30, is_global: bool = False) -> Iterator[str]:
    """Hold the named lock; waits up to `timeout` seconds, then raises LockTimeoutError."""
    path = lock_path(lock_name, is_global=is_global)
    give_up = time.monotonic() + timeout
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= give_up:
            raise LockTimeoutError(
                _("Failed to acquire lock: {0}. Lock may be held by another process.").format(lock_name)
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield path
    finally:
        os.close(descriptor)
