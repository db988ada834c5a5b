"""Values in the type of their field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from frappe.utils.dates import get_datetime, getdate, to_timedelta
from frappe.utils.numbers import cint, flt


def cstr(s: Any, encoding: str = "utf-8") -> str:
    """`s` as text; "" for None."""
    if s is None:
        return ""
    return str(s, encoding) if isinstance(s, bytes) else str(s)


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
