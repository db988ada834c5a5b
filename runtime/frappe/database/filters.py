"""Filters as they are given: a name, names, a dict, a list of conditions; and their SQL for get_value and its like.

get_list has its own rules (NULL counts as empty, link fields, permissions): see frappe.model.query_filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import frappe

OPERATORS = ("=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between")
Filter = tuple[str, str, str, Any]


def where(filters: Any) -> tuple[str, list]:
    """` WHERE …` with placeholders, and their values; '' without filters."""
    if isinstance(filters, (str, int)):
        # names carry no trailing spaces, and MariaDB ignores them when it compares
        filters = {"name": str(filters).rstrip(" ")}
    elif isinstance(filters, (list, tuple)) and filters and all(isinstance(f, (str, int)) for f in filters):
        filters = {"name": ("in", filters)}
    parts, values = [], []
    for _doctype, field, operator, value in normalized("", filters):
        sql, bound = condition(quote_field(field), operator, value)
        parts.append(sql)
        values += bound
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def normalized(doctype: str, filters: Any) -> Iterator[Filter]:
    """(DocType, field, operator, value) of each condition in a dict or in a list of lists and dicts."""
    if filters and not isinstance(filters, dict | list | tuple):
        refuse_filter(filters)
    for item in [filters] if isinstance(filters, dict) else filters or ():
        if isinstance(item, list | tuple) and len(item) in (3, 4):
            doctype_of_item, field, operator, value = (doctype, *item) if len(item) == 3 else item
            yield doctype_of_item, field, _operator(operator), value
            continue
        if not isinstance(item, dict):
            refuse_filter(item)
        for field, value in item.items():
            if isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], str):
                yield doctype, field, _operator(value[0]), value[1]
            else:
                yield doctype, field, "=", value


def refuse_filter(what: Any) -> NoReturn:
    raise frappe.DataError(frappe.messages.fill(frappe._("Invalid filter: {0}"), str(what)[:80]))


def _operator(operator: Any) -> str:
    operator = str(operator).lower().strip()
    if operator not in OPERATORS:
        frappe.throw(frappe._("Operator must be one of {0}").format(", ".join(OPERATORS)))
    return operator


def condition(column: str, operator: str, value: Any) -> tuple[str, list]:
    """One comparison of a column, given as SQL."""
    if operator == "is":
        return f"{column} IS {'NOT ' if value == 'set' else ''}NULL", []
    if operator == "between":
        return f"{column} BETWEEN %s AND %s", list(value)
    if operator in ("in", "not in"):
        value = in_values(value)
    elif value is None and "like" not in operator:
        # The stock query engine drops the operator here: != None asks for NULL, too.
        return f"{column} IS NULL", []
    return f"{column} {operator.upper()} %s", [value]


def in_values(value: Any) -> list:
    """The list of an IN; empty becomes [''] because `IN ()` is no SQL."""
    if isinstance(value, str):
        value = [v.strip() for v in value.split(",")]
    if value is not None and not isinstance(value, Iterable):
        value = [value]
    items = list(value or ())
    if any(isinstance(item, list | tuple | dict) for item in items):
        refuse_filter(value)
    return items or [""]


def quote_field(field: str) -> str:
    """A column name in backticks; anything that is not a plain name is refused."""
    if not isinstance(field, str) or not re.fullmatch(r"\w+", field):
        refuse_filter(field)
    return f"`{field}`"
