"""Values as people read them, according to the type of their field and the formats of System Settings."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import babel.dates

import frappe
from frappe.types import _dict
from frappe.utils.comparing import cstr
from frappe.utils.dates import get_datetime, getdate, to_timedelta
from frappe.utils.numbers import cint, flt, fmt_money


def _date_pattern() -> str:
    """Babel's form of e.g. yyyy-mm-dd (where mm is the month)."""
    return (frappe.get_system_settings("date_format") or "yyyy-mm-dd").replace("mm", "MM")


def _time_pattern() -> str:
    return frappe.get_system_settings("time_format") or "HH:mm:ss"


def _locale() -> str:
    return (frappe.local.lang or "en").replace("-", "_")


def format_date(string_date: Any = None, format_string: str | None = None) -> str:
    """A date in the format given (`mm` is the month) or that of System Settings; '' without one."""
    date = getdate(string_date) if string_date else None
    pattern = format_string.replace("mm", "MM") if format_string else _date_pattern()
    return babel.dates.format_date(date, pattern, locale=_locale()) if date else ""


def format_time(time_string: Any = None, format_string: str | None = None) -> str:
    """A time of day (text, time or timedelta); '' without one."""
    if not time_string:
        return ""
    time = (datetime.datetime(1, 1, 1) + to_timedelta(time_string)).time()
    return babel.dates.format_time(time, format_string or _time_pattern(), locale=_locale())


def format_datetime(datetime_string: Any, format_string: str | None = None) -> str | None:
    """A moment in the format given or those of System Settings; None without one."""
    if not datetime_string:
        return None
    pattern = format_string or f"{_date_pattern()} {_time_pattern()}"
    return babel.dates.format_datetime(get_datetime(datetime_string), pattern, locale=_locale())


_DATES: dict[str, Callable[..., Any]] = {
    "Date": format_date,
    "Datetime": format_datetime,
    "Time": format_time,
}


def format_value(
    value: Any, df: Any = None, doc: Any = None, currency: str | None = None, format: Any = None
) -> Any:
    """`df`: the field as dictionary, or just its fieldtype; `format`: a pattern for dates."""
    df = _dict(fieldtype=df) if isinstance(df, str) else _dict(df or {})
    value = "" if value is None else value
    if df.fieldtype in _DATES:
        return _DATES[df.fieldtype](value, format)
    if df.fieldtype in ("Currency", "Float"):
        return _number(value, df, doc, currency)
    if df.fieldtype == "Percent":
        return f"{flt(value, cint(df.precision) or 2)}%"
    if df.fieldtype in ("Text", "Small Text"):
        return cstr(value).replace("\n", "<br>")
    return value


def _number(value: Any, df: Any, doc: Any, currency: str | None) -> str:
    """`options` of a Currency field names the field of the document that holds the currency."""
    if df.fieldtype == "Currency":
        if doc is not None and df.options:
            currency = currency or doc.get(df.options)
        return fmt_money(value, cint(frappe.get_system_settings("currency_precision")) or None, currency)
    precision = cint(df.precision) or cint(frappe.get_system_settings("float_precision"))
    return fmt_money(value, precision or (0 if flt(value) == cint(value) else None))
