"""Filters of get_list as conditions: typed by their field, and NULL counts as empty.

The conditions say `or x is null` where stock Frappe wraps the column in ifnull(): the same rows, and indexes and the
column's collation stay in use.
"""

from __future__ import annotations

import datetime
import operator as op
from typing import Any

import frappe
from frappe.database.filters import in_values, refuse_filter
from frappe.utils.dates import get_datetime, getdate, nowdate
from frappe.utils.numbers import flt

_STANDARD = {"creation": "Datetime", "modified": "Datetime", "docstatus": "Int", "idx": "Int"}
_NUMBERS = dict.fromkeys(("Int", "Check", "Float", "Currency", "Percent", "Duration"), flt)
_DATES = {"Date": getdate, "Datetime": get_datetime, "Time": lambda value: value}
_COMPARISONS = {"=": op.eq, "!=": op.ne, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
Condition = tuple[str, list]


def fieldtype_of(doctype: str, fieldname: str) -> str:
    df = frappe.get_meta(doctype).get_field(fieldname)
    return df.fieldtype if df else _STANDARD.get(fieldname, "Data")


def condition(column: str, fieldtype: str, operator: str, value: Any) -> Condition:
    """SQL and values of one filter on a column given as SQL."""
    kind = kind_of(fieldtype)
    if operator == "is":
        return _is(column, kind, value), []
    if operator == "between":
        return f"{column} between %s and %s", _bounds(fieldtype, value)
    if isinstance(value, list | tuple | dict) and operator not in ("in", "not in"):
        refuse_filter(value)
    if operator in ("like", "not like"):
        value = "" if value is None else str(value)
        null_too = operator == "not like" and value.strip("%") != ""
    elif operator in ("in", "not in"):
        items = in_values(value)
        value = [_typed(fieldtype, v) for v in items if v is not None and v != ""]
        with_empty = len(value) < len(items)
        null_too = with_empty == (operator == "in")
        if kind == "text" and with_empty:
            value.append("")
        elif kind == "date" and not value:
            return f"{column} is {'null' if operator == 'in' else 'not null'}", []
        value = value or [None]
    elif kind != "number" and (value is None or (kind == "date" and value == "")):
        # Stock Frappe finds nothing for these: "is not set" is the way to ask for empty
        return "1 = 0", []
    else:
        value = _typed(fieldtype, value)
        null_too = _COMPARISONS[operator]("", str(value))  # an empty date counts as the first of all days
    sql = f"{column} {operator} %s"
    return f"({sql} or {column} is null)" if null_too and kind != "number" else sql, [value]


def kind_of(fieldtype: str) -> str:
    return "number" if fieldtype in _NUMBERS else "date" if fieldtype in _DATES else "text"


def _is(column: str, kind: str, value: Any) -> str:
    if value not in ("set", "not set"):
        frappe.throw(frappe.messages.fill(frappe._("Use of undefined operator value: {0}"), value))
    if kind == "text":
        return f"{column} != ''" if value == "set" else f"({column} = '' or {column} is null)"
    if kind == "number":
        # numbers are never empty: "set" means not zero, and nothing is "not set"
        return f"{column} != 0" if value == "set" else "1 = 0"
    return f"{column} is {'not ' if value == 'set' else ''}null"


def _bounds(fieldtype: str, value: Any) -> list:
    """Of a range; one of moments goes to the end of its last day."""
    if isinstance(value, str) or (
        value is not None and not (isinstance(value, list | tuple) and len(value) <= 2)
    ):
        refuse_filter(value)
    # stock Frappe takes a bound that is missing for today
    start, end = [*(value or ()), None, None][:2]
    if kind_of(fieldtype) == "date":
        start, end = start or nowdate(), end or nowdate()
    if fieldtype == "Datetime" and ":" not in str(end):
        end = datetime.datetime.combine(getdate(end), datetime.time.max)
    return [_typed(fieldtype, start), _typed(fieldtype, end)]


def _typed(fieldtype: str, value: Any) -> Any:
    """The value as the column stores it."""
    convert = _NUMBERS.get(fieldtype) or _DATES.get(fieldtype)
    if convert:
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError):
            refuse_filter(value)
    if value is None or isinstance(value, str):
        return value
    return str(int(value) if isinstance(value, bool) else value)
