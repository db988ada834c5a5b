"""Values in the type of their field, compared, and as people read them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import frappe
from frappe.utils.dates import get_datetime, getdate, to_timedelta
from frappe.utils.numbers import cint, flt


def cstr(s: Any, encoding: str = "utf-8") -> str:
    return frappe.as_unicode(s, encoding)


_CASTS: dict[str | None, Callable[[Any], Any]] = {
    **dict.fromkeys(("Float", "Currency", "Percent"), flt),
    **dict.fromkeys(("Int", "Check"), cint),
    "Date": getdate,
    "Datetime": get_datetime,
    "Time": to_timedelta,
}


def cast_fieldtype(fieldtype: str | None, value: Any, show_warning: bool = True) -> Any:
    """`value` in the Python type of the field, as single values are read; an empty date is today."""
    return _CASTS.get(fieldtype, cstr)(value)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def compare(val1: Any, condition: str, val2: Any) -> bool:
    """Whether `val1 condition val2` holds."""
    return _OPERATORS[condition](val1, val2)


def format_number(value: Any, df: Any, doc: Any) -> str:
    """E.g. 1,234.50, or 5.0%. `options` of a Currency field names the field of `doc` that holds the currency."""
    if df.fieldtype == "Percent":
        return f"{flt(value, cint(df.precision) or 2)}%"
    if df.fieldtype == "Currency":
        precision, currency = frappe.get_system_settings("currency_precision"), doc.get(df.options or "")
    else:
        precision, currency = df.precision or frappe.get_system_settings("float_precision"), None
        if not cint(precision) and flt(value) == cint(value):
            return f"{flt(value):,.0f}"
    text = f"{flt(value):,.{cint(precision) or 2}f}"
    return f"{currency} {text}" if currency else text
