"""Dates and times of the site: its time zone's clock, parsing, arithmetic, months."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import pytz
from dateutil import parser
from dateutil.relativedelta import relativedelta

import frappe

DATE_FORMAT = "%Y-%m-%d"
DATETIME_FORMAT = f"{DATE_FORMAT} %H:%M:%S.%f"


def now_datetime() -> datetime.datetime:
    """The site's clock, without a time zone."""
    zone = frappe.get_system_settings("time_zone") or "Asia/Kolkata"
    return datetime.datetime.now(pytz.timezone(zone)).replace(tzinfo=None)


def now() -> str:
    """The site's clock as text, with microseconds."""
    return now_datetime().strftime(DATETIME_FORMAT)


def nowdate() -> str:
    return now_datetime().strftime(DATE_FORMAT)


today = nowdate


def getdate(string_date: Any = None) -> datetime.date:
    """The date in a text, date or datetime; today without an argument."""
    try:
        return get_datetime(string_date or None).date()
    except (ValueError, OverflowError):
        message = frappe._("{} is not a valid date string.").format(frappe.bold(string_date))
        frappe.throw(message, title=frappe._("Invalid Date"))


def get_datetime(datetime_str: Any = None) -> datetime.datetime:
    """The moment in a text, date or datetime; now without an argument; None for an empty text."""
    if datetime_str is None:
        return now_datetime()
    if isinstance(datetime_str, datetime.datetime):
        return datetime_str
    if isinstance(datetime_str, datetime.date):
        return datetime.datetime.combine(datetime_str, datetime.time())
    if not datetime_str:
        return None  # type: ignore[return-value]
    with contextlib.suppress(ValueError):
        return datetime.datetime.fromisoformat(datetime_str)
    return parser.parse(datetime_str)


def to_timedelta(time_str: Any) -> Any:
    """A time of day as the duration since midnight, the form that Time fields have."""
    if isinstance(time_str, (str, datetime.time)):
        moment = parser.parse(str(time_str))
        return moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return time_str


def add_to_date(date: Any, *, as_string: bool = False, as_datetime: bool = False, **shift: float) -> Any:
    """`date` moved by years, months, weeks, days, hours, minutes, seconds. A text gives a text, a date a date (a datetime
    when hours or less are added)."""
    as_datetime = as_datetime or not shift.keys().isdisjoint(("hours", "minutes", "seconds"))
    if isinstance(date, str):
        as_string, as_datetime = True, as_datetime or " " in date
        date = parser.parse(date)
    moved = (now_datetime() if date is None else date) + relativedelta(**shift)  # type: ignore[arg-type]
    if as_string:
        return moved.strftime(DATETIME_FORMAT if as_datetime else DATE_FORMAT)
    return moved


def add_days(date: Any, days: float) -> Any:
    return add_to_date(date, days=days)


def add_months(date: Any, months: int) -> Any:
    """The same day some months on, or that month's last day."""
    return add_to_date(date, months=months)


def date_diff(string_ed_date: Any, string_st_date: Any) -> int:
    """Days from the second to the first."""
    return (getdate(string_ed_date) - getdate(string_st_date)).days


def get_first_day(dt: Any, d_years: int = 0, d_months: int = 0) -> datetime.date:
    """First day of the month, moved by years and months."""
    return getdate(dt).replace(day=1) + relativedelta(years=d_years, months=d_months)


def get_last_day(dt: Any) -> datetime.date:
    return getdate(dt) + relativedelta(day=31)
