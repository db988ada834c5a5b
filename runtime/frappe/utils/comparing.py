"""Values in the type of their field, and filters applied to a document in memory."""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable
from typing import Any

import frappe
from frappe.types.frappedict import _dict
from frappe.utils.dates import get_datetime, getdate, to_timedelta
from frappe.utils.numbers import cint, flt

_TEXT = frozenset(
    [
        "Data",
        "Text",
        "Small Text",
        "Long Text",
        "Text Editor",
        "Select",
        "Link",
        "Dynamic Link",
        "Code",
        "HTML Editor",
        "Markdown Editor",
        "Read Only",
        "Attach",
        "Attach Image",
        "Password",
        "Color",
        "Phone",
        "Autocomplete",
        "Signature",
        "Icon",
        "Barcode",
        "JSON",
    ]
)
_NUMBERS = frozenset({"Float", "Currency", "Percent"})


def cstr(s: Any, encoding: str = "utf-8") -> str:
    return frappe.as_unicode(s, encoding)


def cast(fieldtype: str | None, value: Any = None) -> Any:
    """`value` in the Python type of the field; what is empty becomes the type's zero (dates: 0001-01-01)."""
    if fieldtype in _NUMBERS:
        return flt(value)
    if fieldtype in ("Int", "Check", "Long Int"):
        return cint(sbool_number(value))
    if fieldtype in _TEXT:
        return cstr(value)
    if fieldtype == "Date":
        return getdate(value) if value else datetime.date(1, 1, 1)
    if fieldtype == "Datetime":
        return get_datetime(value) if value else datetime.datetime(1, 1, 1)
    if fieldtype == "Time":
        return to_timedelta(value) if value else datetime.timedelta(0)
    return value


def sbool_number(value: Any) -> Any:
    return {"true": 1, "false": 0}.get(value.lower(), value) if isinstance(value, str) else value


def cast_fieldtype(fieldtype: str | None, value: Any, show_warning: bool = True) -> Any:
    """As `cast`, with empty dates read as today, as single values are."""
    if fieldtype == "Date":
        return getdate(value)
    if fieldtype == "Datetime":
        return get_datetime(value)
    if fieldtype == "Time":
        return to_timedelta(value)
    return cast(fieldtype, value)


def sql_like(value: Any, pattern: str) -> bool:
    """LIKE in memory: % any text, _ any letter. Case counts here, unlike in the database."""
    regex = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(regex, cstr(value), re.DOTALL) is not None


def filter_operator_is(value: Any, pattern: str) -> bool:
    if pattern == "set":
        return value is not None and value != ""
    if pattern == "not set":
        return value is None or value == ""
    frappe.throw(frappe._("Use of undefined operator value: {0}").format(pattern))
    return False


operator_map: dict[str, Callable[[Any, Any], bool]] = {
    "^": lambda a, b: (a or "").startswith(b),
    "in": lambda a, b: operator.contains(b, a),
    "not in": lambda a, b: not operator.contains(b, a),
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "not None": lambda a, b: a is not None,
    "None": lambda a, b: a is None,
    "like": sql_like,
    "not like": lambda a, b: not sql_like(a, b),
    "is": filter_operator_is,
}


def compare(val1: Any, condition: str, val2: Any, fieldtype: str | None = None) -> bool:
    """Whether `val1 condition val2` holds, both in the type of the field if one is named."""
    if fieldtype:
        val1 = cast(fieldtype, val1)
        if condition not in ("in", "not in", "is", "like", "not like"):
            val2 = cast(fieldtype, val2)
    return operator_map[condition](val1, val2) if condition in operator_map else False


def evaluate_filters(doc: Any, filters: dict | list | tuple) -> bool:
    """Whether the document meets all filters."""
    if isinstance(filters, dict):
        items = [get_filter(doc.get("doctype"), {k: v}) for k, v in filters.items()]
    else:
        items = [get_filter(doc.get("doctype"), f) for f in filters]
    return all(compare(doc.get(f.fieldname), f.operator, f.value, f.fieldtype) for f in items)


def make_filter_tuple(doctype: str, key: str, value: Any) -> list:
    if isinstance(value, (list, tuple)):
        return [doctype, key, value[0], value[1]]
    return [doctype, key, "=", value]


def get_filter(doctype: str, f: Any, filters_config: Any = None) -> _dict:
    """One condition as {doctype, fieldname, operator, value, fieldtype}."""
    if isinstance(f, dict):
        key, value = next(iter(f.items()))
        f = make_filter_tuple(doctype, key, value)
    if not isinstance(f, (list, tuple)):
        frappe.throw(frappe._("Filter must be a tuple or list (in a list)"))
    if len(f) == 3:
        f = (doctype, *f)
    elif len(f) > 4:
        f = f[:4]
    elif len(f) != 4:
        frappe.throw(
            frappe._("Filter must have 4 values (doctype, fieldname, operator, value): {0}").format(str(f))
        )
    found = _dict(doctype=f[0], fieldname=f[1], operator=f[2] or "=", value=f[3])
    if found.operator.lower() not in _OPERATORS:
        frappe.throw(frappe._("Operator must be one of {0}").format(", ".join(sorted(_OPERATORS))))
    df = frappe.get_meta(found.doctype).get_field(found.fieldname) if found.doctype else None
    found.fieldtype = df.fieldtype if df else None
    return found


_OPERATORS = {*operator_map, "between", "timespan", "ancestors of", "descendants of"}
