"""Counters and marks in the shared cache: they count what was tried, so no rollback may undo them.

Atomic across processes on every profile: the cache is the only thing that requests share before they commit.
"""

import json
from datetime import datetime, timedelta
from typing import Any

import frappe
from cn_connect.china_time import epoch


def bump(name: str, lifetime: timedelta) -> int:
    """Counts one more and returns the new count; the counter ends `lifetime` after its first count."""
    key = frappe.cache.make_key(f"cn_connect:{name}")
    count = int(frappe.cache.incrby(key, 1))
    if count == 1:
        frappe.cache.expire(key, int(lifetime.total_seconds()))
    return count


def put(name: str, value: Any, lifetime: timedelta) -> None:
    """Keeps a JSON value for that long."""
    key = frappe.cache.make_key(f"cn_connect:{name}")
    frappe.cache.setex(key, int(lifetime.total_seconds()), json.dumps(value))


def get(name: str) -> Any:
    """The value kept under that name, or None."""
    raw = frappe.cache.get(frappe.cache.make_key(f"cn_connect:{name}"))
    return None if raw is None else json.loads(raw)


def forget(*names: str) -> None:
    """Ends counters and values at once."""
    frappe.cache.delete(*(frappe.cache.make_key(f"cn_connect:{name}") for name in names))


def spend(name: str, most: int, period: timedelta, now: datetime) -> int:
    """Counts one more; the seconds to wait if there were more than `most` in the period that the first one began, else 0."""
    began, seconds = _began(name, period, now), int(period.total_seconds())
    if began is None:
        began = epoch(now)
        put(f"{name}:began", began, period)
    return began + seconds - epoch(now) if bump(f"{name}:{began}", period) > most else 0


def left(name: str, most: int, period: timedelta, now: datetime) -> int:
    """The seconds to wait if `most` are spent already, else 0; counts nothing."""
    began = _began(name, period, now)
    if began is None or int(get(f"{name}:{began}") or 0) < most:
        return 0
    return began + int(period.total_seconds()) - epoch(now)


def _began(name: str, period: timedelta, now: datetime) -> int | None:
    began = get(f"{name}:began")
    return began if began is not None and began <= epoch(now) < began + int(period.total_seconds()) else None
