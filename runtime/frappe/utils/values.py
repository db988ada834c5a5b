"""Values in the type of their field, and compared."""

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
