"""Dates, times and durations as people read them, in the formats of System Settings."""

from __future__ import annotations

import datetime
import re
from typing import Any

import babel.dates
from babel import Locale, UnknownLocaleError

import frappe
from frappe.utils.dates import DATE_FORMAT, DATETIME_FORMAT, get_datetime, get_time, getdate, now_datetime

_DURATION = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def get_user_date_format() -> str:
    """e.g. yyyy-mm-dd"""
    return frappe.get_system_settings("date_format") or "yyyy-mm-dd"


get_user_format = get_user_date_format


def get_user_time_format() -> str:
    return frappe.get_system_settings("time_format") or "HH:mm:ss"


def _locale() -> Locale:
    try:
        return Locale.parse((frappe.local.lang or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def format_date(
    string_date: Any = None, format_string: str | None = None, parse_day_first: bool = False
) -> str:
    """A date in the format given (`mm` is the month) or that of System Settings; '' without one."""
    if not string_date:
        return ""
    date = getdate(string_date, parse_day_first)
    if not date:
        return ""
    pattern = (format_string or get_user_date_format()).replace("mm", "MM").replace("Y", "y")
    return babel.dates.format_date(date, pattern, locale=_locale())


formatdate = format_date


def format_time(time_string: Any = None, format_string: str | None = None) -> str:
    if not time_string:
        return ""
    return babel.dates.format_time(
        get_time(time_string), format_string or get_user_time_format(), locale=_locale()
    )


def format_datetime(datetime_string: Any, format_string: str | None = None) -> Any:
    """A moment in the format given or those of System Settings."""
    if not datetime_string:
        return None
    moment = get_datetime(datetime_string)
    pattern = format_string or f"{get_user_date_format().replace('mm', 'MM')} {get_user_time_format()}"
    return babel.dates.format_datetime(moment, pattern, locale=_locale())


def global_date_format(date: Any, format: str = "long") -> str:
    """A date written out, e.g. "January 5, 2026"."""
    return babel.dates.format_date(getdate(date), locale=_locale(), format=format)


def get_date_str(date_obj: Any) -> str:
    return getdate(date_obj).strftime(DATE_FORMAT)


def get_datetime_str(datetime_obj: Any) -> str:
    return get_datetime(datetime_obj).strftime(DATETIME_FORMAT)


def get_time_str(timedelta_obj: Any) -> str:
    from frappe.utils.dates import to_timedelta

    total = int(to_timedelta(timedelta_obj).total_seconds())
    return f"{total // 3600}:{total % 3600 // 60}:{total % 60}"


def format_timedelta(o: Any) -> str:
    """HH:MM:SS, hours beyond a day included."""
    from frappe.utils.dates import get_timedelta

    delta = get_timedelta(o) or datetime.timedelta()
    total = delta // datetime.timedelta(seconds=1)
    text = f"{total // 3600:02}:{total % 3600 // 60:02}:{total % 60:02}"
    return f"{text}.{delta.microseconds:06}" if delta.microseconds else text


def format_duration(seconds: Any, hide_days: bool = False) -> str:
    """e.g. "1d 2h 3s"."""
    rest, parts = int(seconds or 0), []
    for unit, size in _DURATION[1:] if hide_days else _DURATION:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)


def duration_to_seconds(duration: str) -> int:
    """The seconds in "1d 2h 3m 4s"."""
    validate_duration_format(duration)
    sizes = dict(_DURATION)
    return sum(int(count) * sizes[unit] for count, unit in re.findall(r"(\d+)([dhms])", duration))


def validate_duration_format(duration: str) -> None:
    if not re.match(r"(?:(?:\d+[dhms])(?:\s+|$)){1,4}\Z", duration):
        frappe.throw(
            frappe._("Value {0} must be in the valid duration format: d h m s").format(frappe.bold(duration))
        )


def pretty_date(iso_datetime: Any) -> str:
    """How long ago, in words of about one unit."""
    if not iso_datetime:
        return ""
    seconds = max((now_datetime() - get_datetime(iso_datetime)).total_seconds(), 1)
    for size, one, many in _AGES:
        if seconds >= size:
            count = int(seconds // size)
            return frappe._(one) if count == 1 else frappe._(many).format(count)
    return frappe._("just now")


_AGES = (
    (31_536_000, "1 year ago", "{0} years ago"),
    (2_592_000, "1 month ago", "{0} months ago"),
    (604_800, "1 week ago", "{0} weeks ago"),
    (86_400, "1 day ago", "{0} days ago"),
    (3_600, "1 hour ago", "{0} hours ago"),
    (60, "1 minute ago", "{0} minutes ago"),
    (1, "1 second ago", "{0} seconds ago"),
)
