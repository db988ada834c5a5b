"""Periods by name: 'last month', 'this week', 'next 7 days'."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from dateutil.relativedelta import relativedelta

from frappe.utils.dates import (
    get_first_day,
    get_first_day_of_week,
    get_quarter_start,
    get_year_start,
    getdate,
)


def get_timespan_date_range(timespan: str) -> tuple[datetime.date, datetime.date] | None:
    """First and last day of 'last month', 'this week', 'next 7 days', …; None for a name that is none."""
    base = getdate()
    assert base is not None
    if timespan in ("today", "yesterday", "tomorrow"):
        day = base + datetime.timedelta(days={"today": 0, "yesterday": -1, "tomorrow": 1}[timespan])
        return day, day
    match = re.match(r"(last|this|next)(?: (\d+))? (day|week|month|quarter|year)s?\Z", timespan)
    if not match:
        return None
    which, count, unit = match.group(1), int(match.group(2) or 1), match.group(3)
    if unit == "day":
        return _days(base, which, count) if match.group(2) else None
    step = relativedelta(weeks=1) if unit == "week" else relativedelta(months=_MONTHS[unit])
    starts: dict[str, Callable[[Any], Any]] = {
        "week": get_first_day_of_week,
        "month": get_first_day,
        "quarter": get_quarter_start,
        "year": get_year_start,
    }
    # half-years are counted in whole quarters
    if unit == "month" and count == 6:
        start, step = get_quarter_start(base), relativedelta(months=1)
        return (
            (start - step * 6, start - datetime.timedelta(days=1))
            if which == "last"
            else (start + step * 3, start + step * 9 - datetime.timedelta(days=1))
        )
    start = starts[unit](base)
    if which == "last":
        return start - step * count, start - datetime.timedelta(days=1)
    if which == "next":
        start = start + step
    return start, start + step * count - datetime.timedelta(days=1)


_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def _days(base: datetime.date, which: str, count: int) -> tuple[datetime.date, datetime.date] | None:
    if count not in (7, 14, 30):
        return None
    distance = datetime.timedelta(days=count)
    return (base - distance, base) if which == "last" else (base, base + distance)
