"""Values in the type of their field, and compared."""

from __future__ import annotations

import datetime
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
_EMPTY = {
    "Date": datetime.date(1, 1, 1),
    "Datetime": datetime.datetime(1, 1, 1),
    "Time": datetime.timedelta(0),
}


def cast(fieldtype: str | None, value: Any = None) -> Any:
    """`value` in the Python type of the field; what is empty becomes the type's zero (dates: 0001-01-01)."""
    return _EMPTY[fieldtype] if fieldtype in _EMPTY and not value else cast_fieldtype(fieldtype, value)


def cast_fieldtype(fieldtype: str | None, value: Any, show_warning: bool = True) -> Any:
    """As `cast`, with empty dates read as today, as single values are."""
    return _CASTS.get(fieldtype, cstr)(value)


operator_map: dict[str, Callable[[Any, Any], bool]] = {
    "^": lambda a, b: (a or "").startswith(b),
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "not None": lambda a, b: a is not None,
    "None": lambda a, b: a is None,
}


def compare(val1: Any, condition: str, val2: Any) -> bool:
    """Whether `val1 condition val2` holds."""
    return condition in operator_map and operator_map[condition](val1, val2)
