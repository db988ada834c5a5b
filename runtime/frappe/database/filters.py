"""Filters of get_value, set_value, count and delete as a WHERE clause with bound values.

get_list has its own rules (NULL counts as empty, link fields, permissions): see frappe.model.db_query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import frappe

_FIELD = re.compile(r"\w+\Z")
_COMPARISONS = {"=": "=", "==": "=", "!=": "<>", "<>": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
Filter = tuple[str, str, Any]


class Where:
    """A condition in SQL and the values of its placeholders."""

    __slots__ = ("sql", "values")

    def __init__(self, sql: str = "", values: list | None = None) -> None:
        self.sql = sql
        self.values = values if values is not None else []

    @property
    def clause(self) -> str:
        return f" WHERE {self.sql}" if self.sql else ""


def where(filters: Any, as_name_list: bool = True) -> Where:
    """The condition for any of the forms filters come in: a name, names, a dict, a list of conditions."""
    conditions, values = [], []
    for field, operator, value in normalize(filters, as_name_list):
        sql, bound = condition(field, operator, value)
        conditions.append(sql)
        values.extend(bound)
    return Where(" AND ".join(conditions), values)


def normalize(filters: Any, as_name_list: bool = True) -> Iterable[Filter]:
    """(field, operator, value) of each condition."""
    if filters is None:
        return
    if isinstance(filters, (str, int)):
        # names carry no trailing spaces, and MariaDB ignores them when it compares
        yield "name", "=", str(filters).rstrip(" ")
    elif isinstance(filters, dict):
        for field, value in filters.items():
            yield (field, *_operator_and_value(value))
    elif isinstance(filters, (list, tuple)):
        yield from _normalize_list(filters, as_name_list)
    else:
        raise frappe.ValidationError(f"Unsupported filters: {filters!r}")


def _normalize_list(filters: Sequence, as_name_list: bool) -> Iterable[Filter]:
    if filters and as_name_list and all(isinstance(f, (str, int)) for f in filters):
        yield "name", "in", list(filters)
        return
    for item in filters:
        if isinstance(item, dict):
            yield from normalize(item)
        elif len(item) == 2:
            yield (item[0], *_operator_and_value(item[1]))
        elif len(item) == 3:
            yield item[0], item[1], item[2]
        else:
            # [doctype, field, operator, value]: these queries read one table only
            yield item[1], item[2], item[3]


def _operator_and_value(value: Any) -> tuple[str, Any]:
    if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], str):
        return value[0], value[1]
    return "=", value


def condition(field: Any, operator: str, value: Any, quoted: str | None = None) -> tuple[str, list]:
    """One comparison. `quoted`: the column as SQL when it is not simply `field`."""
    column = quoted or quote_field(field)
    operator = operator.lower().strip()
    if operator == "is":
        return f"{column} IS {'NOT ' if value == 'set' else ''}NULL", []
    if value is None and operator in _COMPARISONS:
        # The stock query engine drops the operator here: != None asks for NULL, too.
        return f"{column} IS NULL", []
    if operator in _COMPARISONS:
        return f"{column} {_COMPARISONS[operator]} %s", [value]
    if operator in ("like", "not like"):
        return f"{column} {operator.upper()} %s", [value]
    if operator in ("in", "not in"):
        return f"{column} {operator.upper()} %s", [in_values(value)]
    if operator in ("between", "timespan"):
        start, end = span(value) if operator == "timespan" else value
        return f"{column} BETWEEN %s AND %s", [start, end]
    if operator in ("regex", "regexp"):
        return f"{column} REGEXP %s", [value]
    raise KeyError(operator)


def in_values(value: Any) -> list:
    """The list of an IN; empty becomes [''] because `IN ()` is no SQL."""
    if isinstance(value, str):
        value = [v.strip() for v in value.split(",")]
    return list(value) or [""]


def span(name: str) -> tuple[Any, Any]:
    """First and last day of 'last month', 'this week', …"""
    from frappe.utils.data import get_timespan_date_range

    dates = get_timespan_date_range(name)
    if not dates:
        raise frappe.ValidationError(f"Unknown timespan: {name}")
    return dates


def quote_field(field: Any) -> str:
    """A column name in backticks; anything that is not a plain name is refused."""
    if not isinstance(field, str):
        return field.get_sql(quote_char="`")
    if not _FIELD.match(field):
        raise frappe.ValidationError(frappe._("Invalid filter: {0}").format(field))
    return f"`{field}`"
