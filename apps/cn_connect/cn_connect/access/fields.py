"""Lists are filtered, ordered and grouped only by what the user may read: each answer would tell about it otherwise."""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

import frappe
from cn_connect.access.calls import parsed
from cn_connect.access.documents import is_doctype, refuse
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields

_WORD = re.compile(r"\w+")
_PLAIN_FIELD = re.compile(r"(?:`?tab[^`]+`?\.)?`?(?P<name>\w+)`?\Z")
_STANDARD = frozenset((*default_fields, *optional_fields, *child_table_fields))
_FILTERS = ("filters", "or_filters")
_ORDERS = ("order_by", "group_by", "group_by_field", "aggregate_on", "aggregate_on_field")


def check(doctype: str, form: dict[str, Any]) -> None:
    """PermissionError when the request's list arguments name a field that is beyond the user's permission level;
    ValidationError when they are no filters at all.
    """
    if not is_doctype(doctype):
        return
    for key in _FILTERS:
        for filtered, name in named_by(doctype, form.get(key)):
            if name.lower() in hidden_fields(filtered, doctype):
                refuse()
            if not is_field(filtered, name):
                _invalid(name)
    texts = [form.get(key) for key in _ORDERS]
    selected = parsed(form.get("fields"))
    texts += [field for field in selected if "(" in str(field)] if isinstance(selected, list) else []
    texts += [selected] if isinstance(selected, str) and "(" in selected else []
    words = {word.lower() for text in texts if text for word in _WORD.findall(str(text))}
    if words & hidden_fields(doctype, doctype):
        refuse()
    for child in {df.options for df in frappe.get_meta(doctype).get_table_fields()} if words else ():
        if words & hidden_fields(child, doctype):
            refuse()


def is_field(doctype: str, name: str) -> bool:
    """Whether documents of the DocType have such a field, their own or one that every document has."""
    return name.lower() in _STANDARD or frappe.get_meta(doctype).has_field(name)


def hidden_fields(doctype: str, parent: str) -> set[str]:
    """Names of the fields that the user may not read; of a child table's DocType as part of its parent."""
    meta = frappe.get_meta(doctype)
    secret = {df.fieldname.lower() for df in meta.fields if df.fieldtype == "Password"}
    if frappe.session.user == "Administrator":
        return secret
    readable = set(meta.get_permitted_fieldnames(parenttype=parent if meta.istable else None))
    return secret | {
        df.fieldname.lower() for df in meta.fields if df.permlevel and df.fieldname not in readable
    }


def named_by(doctype: str, filters: Any) -> Iterator[tuple[str, str]]:
    """(DocType, field) of every condition, in any of the forms in which Frappe takes them."""
    filters = parsed(filters)
    if filters is None or filters == "" or isinstance(filters, int | float):
        return
    if isinstance(filters, str):
        return  # the name of a document
    for item in [filters] if isinstance(filters, dict) else filters:
        if isinstance(item, dict):
            for key in item:
                yield doctype, _field(key)
        elif isinstance(item, list | tuple):
            yield _condition(doctype, item)
        elif not isinstance(item, str | int):
            _invalid(item)


def _condition(doctype: str, item: Any) -> tuple[str, str]:
    if len(item) in (2, 3):
        return doctype, _field(item[0])
    if len(item) not in (4, 5) or not isinstance(item[0], str):
        _invalid(item)
    tables = {df.options for df in frappe.get_meta(doctype).get_table_fields()}
    if item[0] != doctype and item[0] not in tables:
        _invalid(item)
    return item[0], _field(item[1])


def _field(name: Any) -> str:
    match = _PLAIN_FIELD.match(name) if isinstance(name, str) else None
    return match["name"] if match else _invalid(name)


def _invalid(item: Any) -> NoReturn:
    frappe.throw(_("This is no filter: {0}").format(frappe.bold(frappe.utils.escape_html(str(item)[:80]))))
