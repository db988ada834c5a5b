"""Helpers around dates that apps import from `frappe.utils.dateutils`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from frappe.utils.data import get_last_day, get_last_day_of_week, get_quarter_ending, get_year_ending, getdate
from frappe.utils.dates import add_to_date


def get_period_ending(date: Any, timegrain: str) -> datetime.date | None:
    """Last day of the day, week, month, quarter or year that `date` lies in."""
    ends: dict[str, Callable[[Any], Any]] = {
        "Daily": getdate,
        "Weekly": get_last_day_of_week,
        "Monthly": get_last_day,
        "Quarterly": get_quarter_ending,
        "Yearly": get_year_ending,
    }
    return getdate(ends[timegrain](date))


def get_dates_from_timegrain(from_date: Any, to_date: Any, timegrain: str = "Daily") -> list[datetime.date]:
    """Period endings between two dates, both ends included."""
    steps = {"Daily": (0, 1), "Weekly": (0, 7), "Monthly": (1, 0), "Quarterly": (3, 0), "Yearly": (12, 0)}
    months, days = steps[timegrain]
    end = get_period_ending(to_date, timegrain)
    dates = [get_period_ending(from_date, timegrain)]
    while dates[-1] < end:  # type: ignore[operator]
        dates.append(get_period_ending(add_to_date(dates[-1], months=months, days=days), timegrain))
    return dates  # type: ignore[return-value]
