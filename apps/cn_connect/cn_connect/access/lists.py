"""The arguments of lists: stock Frappe hands many of them to the database as they come, which then fails.

Refused is only what cannot be meant; what Frappe itself refuses, and its many ways to write the same, are left to it.
"""

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

import frappe
from cn_connect.access.calls import parsed
from cn_connect.access.fields import is_field
from frappe import _

_MOST = 2**31 - 1  # rows: as many as a database counts in the clauses LIMIT and OFFSET
_COUNTS = ("limit_start", "limit_page_length", "limit", "start", "page_length")
_ORDER = re.compile(r"\s*`?(?P<name>\w+)`?(?:\s+(?:asc|desc))?\s*\Z", re.IGNORECASE)
_FUNCTION = re.compile(r"\w+\((?:distinct\s+)?[`\w.* ]*[a-z_*][`\w.* ]*\)", re.IGNORECASE)
_SETS = ("in", "not in")
_TEXTS = ("=", "!=", ">", "<", ">=", "<=", "like", "not like")


def check(doctype: str, form: dict[str, Any], of_desk: bool = False, of_one: bool = False) -> None:
    """ValidationError, with the argument's name, for what is no list's argument.

    `of_desk`: the Desk's own lists say more in their fields and orders, which are not looked at. `of_one`: one document
    is asked for, so that filters may also be its name.
    """
    for key in _COUNTS:
        if not _is_count(form.get(key)):
            _refuse(key, form[key])
    for key in ("filters", "or_filters"):
        if not of_one and isinstance(parsed(form.get(key)), str) and form[key].strip():
            _refuse(key, form[key])
        _check_filters(key, form.get(key))
    if of_desk:
        return
    selected = form.get("fields")
    fields = parsed(selected)
    if isinstance(fields, str) and fields.strip() and "(" in fields:
        _refuse("fields", selected)
    for field in fields if isinstance(fields, list) else ():
        if not isinstance(field, str | dict):
            _refuse("fields", selected)
        if isinstance(field, str) and "(" in field and not _FUNCTION.match(field):
            _refuse("fields", selected)
    for key in ("order_by", "group_by"):
        _check_order(doctype, key, form.get(key))


def _is_count(value: Any) -> bool:
    if value in (None, "", "None"):
        return True
    text = str(value)
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _MOST


def _check_filters(key: str, value: Any) -> None:
    filters = parsed(value)
    if isinstance(filters, list) and filters and not isinstance(filters[0], str | list | dict | tuple):
        _refuse(key, value)
    for operator, wanted in _conditions(filters):
        known = operator.strip().lower() if isinstance(operator, str) else None
        if (
            known is None
            or isinstance(wanted, dict)
            or (isinstance(wanted, float) and not isfinite(wanted))
            or (known in _TEXTS and isinstance(wanted, list))
            or (known in _SETS and not isinstance(wanted, str | list | None))
            or (known in _SETS and isinstance(wanted, list) and not all(map(_is_plain, wanted)))
            or (known == "between" and not _is_pair(wanted))
            or (known == "is" and str(wanted).strip().lower() not in ("set", "not set"))
        ):
            _refuse(key, value)


def _conditions(filters: Any) -> Iterator[tuple[Any, Any]]:
    """(operator, value) of each condition that is written as one."""
    for item in [filters] if isinstance(filters, dict) else filters if isinstance(filters, list) else ():
        if isinstance(item, dict):
            for value in item.values():
                if isinstance(value, list) and len(value) == 2:
                    yield value[0], value[1]
                else:
                    yield "=", value
        elif isinstance(item, list) and len(item) in (3, 4, 5):
            yield tuple(item[1:3] if len(item) == 3 else item[2:4])


def _is_plain(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _is_pair(value: Any) -> bool:
    if isinstance(value, str):
        return "," in value
    return isinstance(value, list) and len(value) == 2 and all(map(_is_plain, value))


def _check_order(doctype: str, key: str, value: Any) -> None:
    """Only of plain fields: each must be one of the DocType."""
    if not isinstance(value, str) or not value.strip():
        return
    for item in value.split(","):
        match = _ORDER.match(item)
        if not item.strip() or (match and not (match["name"].isdigit() or is_field(doctype, match["name"]))):
            _refuse(key, value)


def _refuse(key: str, value: Any) -> None:
    shown = frappe.bold(frappe.utils.escape_html(str(value)[:80]))
    frappe.throw(_("The argument {0} of a list cannot be {1}.").format(key, shown))
