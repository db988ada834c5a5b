"""Dates and times of documents: typed in they are text, read back they are not; rules want one kind."""

from datetime import date, datetime
from typing import Any

from frappe.utils import get_datetime, getdate


def as_date(value: Any) -> date:
    """The date of a field that must have one. Raises ValueError for an empty one."""
    day = getdate(value) if value else None
    if day is None:
        raise ValueError("no date")
    return day


def as_datetime(value: Any) -> datetime:
    """The time of a field that must have one. Raises ValueError for an empty one."""
    moment = get_datetime(value) if value else None
    if moment is None:
        raise ValueError("no time")
    return moment
