"""Filters of get_list as conditions: typed by their field, and NULL counts as empty.

The conditions say `or x is null` where stock Frappe wraps the column in ifnull(): the same rows, and indexes and the
column's collation stay in use.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import frappe
from frappe.database.filters import in_values, span
from frappe.utils.comparing import sql_like
from frappe.utils.dates import get_datetime, getdate
from frappe.utils.numbers import flt

NUMERIC = frozenset({"Int", "Long Int", "Check", "Float", "Currency", "Percent", "Duration", "Rating"})
DATES = frozenset({"Date", "Datetime", "Time"})
_STANDARD = {
    "creation": "Datetime",
    "modified": "Datetime",
    "docstatus": "Int",
    "idx": "Int",
}
_COMPARISONS = frozenset({"=", "!=", ">", "<", ">=", "<="})
OPERATORS = (
    "=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between", "timespan",
)  # fmt: skip
Condition = tuple[str, list]


def normalize(doctype: str, filters: Any) -> list[tuple[str, str, str, Any]]:
    """(DocType, field, operator, value) of each filter in a dict or list of lists and dicts."""
    if not filters:
        return []
    items = [filters] if isinstance(filters, dict) else filters
    found: list[tuple[str, str, str, Any]] = []
    for item in items:
        if isinstance(item, dict):
            found.extend(_from_pair(doctype, field, value) for field, value in item.items())
        elif isinstance(item, str):
            raise TypeError(f"Filter must be a list or dict, not text: {filters!r}")
        elif len(item) == 2:
            found.append(_from_pair(doctype, item[0], item[1]))
        elif len(item) == 3:
            found.append((doctype, item[0], item[1], item[2]))
        else:
            found.append((item[0], item[1], item[2], item[3]))
    return [(dt, field, _operator(op), value) for dt, field, op, value in found]


def _from_pair(doctype: str, field: str, value: Any) -> tuple[str, str, str, Any]:
    if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], str):
        return doctype, field, value[0], value[1]
    return doctype, field, "=", value


def _operator(operator: Any) -> str:
    operator = str(operator).lower().strip()
    if operator not in OPERATORS:
        frappe.throw(frappe._("Operator must be one of {0}").format(", ".join(OPERATORS)))
    return operator


def fieldtype_of(doctype: str, fieldname: str) -> str:
    df = frappe.get_meta(doctype).get_field(fieldname)
    return df.fieldtype if df else _STANDARD.get(fieldname, "Data")


def condition(column: str, fieldtype: str, operator: str, value: Any, nulls: bool = True) -> Condition:
    """SQL and values of one filter on a column given as SQL. `nulls`: let NULL count as empty."""
    kind = "number" if fieldtype in NUMERIC else "date" if fieldtype in DATES else "text"
    if operator == "is":
        return _is(column, kind, value)
    if operator in ("between", "timespan"):
        return _between(column, fieldtype, span(value) if operator == "timespan" else value)
    if operator in ("in", "not in"):
        return _in(column, fieldtype, kind, operator, value, nulls)
    if operator in ("like", "not like"):
        return _like(column, kind, operator, value, nulls)
    return _compare(column, fieldtype, kind, operator, value, nulls)


def _is(column: str, kind: str, value: Any) -> Condition:
    wanted = str(value).lower()
    if wanted not in ("set", "not set"):
        frappe.throw(frappe._("Use of undefined operator value: {0}").format(value))
    if kind == "text":
        return (f"{column} != ''" if wanted == "set" else f"({column} = '' or {column} is null)"), []
    if kind == "number":
        # numbers are never empty: "set" means not zero, and nothing is "not set"
        return (f"{column} != 0" if wanted == "set" else "1 = 0"), []
    return f"{column} is {'not ' if wanted == 'set' else ''}null", []


def _between(column: str, fieldtype: str, value: Any) -> Condition:
    if isinstance(value, str):
        value = [v.strip() for v in value.split(",")]
    start, end = value
    if fieldtype == "Datetime":
        start, end = _day_start(start), _day_end(end)
    else:
        start, end = _typed(fieldtype, start), _typed(fieldtype, end)
    return f"{column} between %s and %s", [start, end]


def _is_day(value: Any) -> bool:
    if isinstance(value, datetime.datetime):
        return False
    return isinstance(value, datetime.date) or (isinstance(value, str) and ":" not in value)


def _day_start(value: Any) -> Any:
    return get_datetime(value) if value else get_datetime(getdate())


def _day_end(value: Any) -> Any:
    if not value or _is_day(value):
        return datetime.datetime.combine(getdate(value), datetime.time.max)
    return get_datetime(value)


def _typed(fieldtype: str, value: Any) -> Any:
    """The value as the column stores it."""
    if fieldtype in NUMERIC:
        return flt(value)
    if fieldtype == "Date":
        return getdate(value)
    if fieldtype == "Datetime":
        return get_datetime(value)
    if fieldtype == "Time" or value is None:
        return value
    return value if isinstance(value, (str, bytes)) else str(int(value) if isinstance(value, bool) else value)


def _in(column: str, fieldtype: str, kind: str, operator: str, value: Any, nulls: bool) -> Condition:
    if hasattr(value, "get_sql"):
        return f"{column} {operator} ({value.get_sql()})", []
    items = in_values(value)
    empty = any(v is None or v == "" for v in items)
    if kind == "number":
        numbers = [flt(v) for v in items if v not in (None, "")]
        return f"{column} {operator} %s", [numbers or [None]]
    known: list[Any] = [_typed(fieldtype, v) for v in items if v is not None and v != ""]
    if kind == "text" and empty:
        known.append("")
    matches_null = empty if operator == "in" else not empty
    sql = f"{column} {operator} %s" if known else ("1 = 0" if operator == "in" else f"{column} is not null")
    if matches_null and nulls:
        sql = f"({sql} or {column} is null)"
    return sql, [known] if known else []


def _like(column: str, kind: str, operator: str, value: Any, nulls: bool) -> Condition:
    pattern = "" if value is None else str(value)
    sql = f"{column} {operator} %s"
    if operator == "not like" and nulls and kind != "number" and not sql_like("", pattern):
        sql = f"({sql} or {column} is null)"
    return sql, [pattern]


_EMPTY: dict[str, Callable[[str], bool]] = {
    "<": lambda value: value > "",
    "<=": lambda value: True,
    ">": lambda value: False,
    ">=": lambda value: value == "",
    "!=": lambda value: value != "",
    "=": lambda value: value == "",
}


def _compare(column: str, fieldtype: str, kind: str, operator: str, value: Any, nulls: bool) -> Condition:
    if kind == "number":
        return f"{column} {operator} %s", [flt(value)]
    if value is None or (kind == "date" and value == ""):
        # Stock Frappe finds nothing for these: "is not set" is the way to ask for empty
        return "1 = 0", []
    typed = _typed(fieldtype, value)
    sql = f"{column} {operator} %s"
    if not nulls:
        return sql, [typed]
    if kind == "date":
        # an empty date counts as the first of all days
        matches_null = operator in ("<", "<=", "!=")
    else:
        matches_null = _EMPTY[operator](str(typed))
    return (f"({sql} or {column} is null)" if matches_null else sql), [typed]
