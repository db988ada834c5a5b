"""Filters of get_list as conditions: typed by their field, and NULL counts as empty.

The conditions say `or x is null` where stock Frappe wraps the column in ifnull(): the same rows, and indexes and the
column's collation stay in use.
"""

from __future__ import annotations

import datetime
from typing import Any

import frappe
from frappe.database.filters import in_values
from frappe.utils.dates import get_datetime, getdate
from frappe.utils.numbers import flt

NUMERIC = frozenset({"Int", "Long Int", "Check", "Float", "Currency", "Percent", "Duration", "Rating"})
DATES = frozenset({"Date", "Datetime", "Time"})
_STANDARD = {"creation": "Datetime", "modified": "Datetime", "docstatus": "Int", "idx": "Int"}
Condition = tuple[str, list]


def fieldtype_of(doctype: str, fieldname: str) -> str:
    df = frappe.get_meta(doctype).get_field(fieldname)
    return df.fieldtype if df else _STANDARD.get(fieldname, "Data")


def condition(column: str, fieldtype: str, operator: str, value: Any) -> Condition:
    """SQL and values of one filter on a column given as SQL."""
    kind = "number" if fieldtype in NUMERIC else "date" if fieldtype in DATES else "text"
    if operator == "is":
        return _is(column, kind, value), []
    if operator == "between":
        return _between(column, fieldtype, value)
    if operator in ("in", "not in"):
        return _in(column, fieldtype, kind, operator, value)
    if operator in ("like", "not like"):
        pattern = "" if value is None else str(value)
        matches_null = operator == "not like" and kind != "number" and pattern.strip("%") != ""
        return _or_null(f"{column} {operator} %s", column, matches_null), [pattern]
    return _compare(column, fieldtype, kind, operator, value)


def _or_null(sql: str, column: str, matches_null: bool) -> str:
    return f"({sql} or {column} is null)" if matches_null else sql


def _is(column: str, kind: str, value: Any) -> str:
    if value not in ("set", "not set"):
        frappe.throw(frappe._("Use of undefined operator value: {0}").format(value))
    if kind == "text":
        return f"{column} != ''" if value == "set" else f"({column} = '' or {column} is null)"
    if kind == "number":
        # numbers are never empty: "set" means not zero, and nothing is "not set"
        return f"{column} != 0" if value == "set" else "1 = 0"
    return f"{column} is {'not ' if value == 'set' else ''}null"


def _between(column: str, fieldtype: str, value: Any) -> Condition:
    start, end = value
    if fieldtype == "Datetime":
        days = (datetime.date, str)
        start = get_datetime(start)
        if isinstance(end, days) and not isinstance(end, datetime.datetime) and ":" not in str(end):
            end = datetime.datetime.combine(getdate(end), datetime.time.max)
        return f"{column} between %s and %s", [start, get_datetime(end)]
    return f"{column} between %s and %s", [_typed(fieldtype, start), _typed(fieldtype, end)]


def _typed(fieldtype: str, value: Any) -> Any:
    """The value as the column stores it."""
    if fieldtype in NUMERIC:
        return flt(value)
    if fieldtype == "Date":
        return getdate(value)
    if fieldtype == "Datetime":
        return get_datetime(value)
    if fieldtype == "Time" or value is None or isinstance(value, str):
        return value
    return str(int(value) if isinstance(value, bool) else value)


def _in(column: str, fieldtype: str, kind: str, operator: str, value: Any) -> Condition:
    items = in_values(value)
    known: list[Any] = [_typed(fieldtype, v) for v in items if v is not None and v != ""]
    if kind == "number":
        return f"{column} {operator} %s", [known or [None]]
    empty = len(known) < len(items)
    if kind == "text" and empty:
        known.append("")
    matches_null = empty == (operator == "in")
    sql = f"{column} {operator} %s" if known else ("1 = 0" if operator == "in" else f"{column} is not null")
    return _or_null(sql, column, matches_null), [known] if known else []


def _compare(column: str, fieldtype: str, kind: str, operator: str, value: Any) -> Condition:
    if kind == "number":
        return f"{column} {operator} %s", [flt(value)]
    if value is None or (kind == "date" and value == ""):
        # Stock Frappe finds nothing for these: "is not set" is the way to ask for empty
        return "1 = 0", []
    typed = _typed(fieldtype, value)
    if kind == "date":
        # an empty date counts as the first of all days
        matches_null = operator in ("<", "<=", "!=")
    else:
        matches_null = operator == "<=" or (
            typed > "" if operator in ("<", "!=") else typed == "" and operator != ">"
        )
    return _or_null(f"{column} {operator} %s", column, matches_null), [typed]
