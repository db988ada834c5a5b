"""The one place where an entry point learns what time it is; everything inside takes the time as a parameter."""

from __future__ import annotations

from datetime import date, datetime

import frappe
from frappe.utils import get_datetime, now_datetime


def now() -> datetime:
    """Naive time of the site's time zone.

    A site that allows tests may pin it (`test_clock` in site_config), so that a whole billing month can be
    played through a served site in a minute; any other site ignores that entry.
    """
    pinned = frappe.conf.get("test_clock") if frappe.conf.get("allow_tests") else None
    return get_datetime(pinned) if pinned else now_datetime()


def today() -> date:
    """The date of `now`."""
    return now().date()
