"""Defaults of new documents."""

from __future__ import annotations

import copy
from typing import Any

import frappe
from frappe.model import float_like_fields
from frappe.types import _dict
from frappe.utils import cint, cstr, flt, now_datetime, nowdate, nowtime


def get_new_doc(
    doctype: str, parent_doc: Any = None, parentfield: str | None = None, as_dict: bool = False
) -> Any:
    """An unsaved document with defaults; as a dictionary when `as_dict`."""
    templates = frappe.local.new_doc_templates
    if doctype not in templates:
        templates[doctype] = make_new_doc(doctype)
    values = copy.deepcopy(templates[doctype])
    _set_dynamic_defaults(values, parent_doc, parentfield)
    return values if as_dict else frappe.get_doc(values)


def make_new_doc(doctype: str) -> _dict:
    """Values of a new document that depend only on DocType and user."""
    values = _dict(doctype=doctype, __islocal=1, __unsaved=1, owner=frappe.session.user, docstatus=0)
    meta = frappe.get_meta(doctype)
    user_permissions = _user_permissions()
    for df in meta.default_value_fields:
        value = _user_default(df, meta, user_permissions)
        if value is None:
            value = _static_default(df)
        if value is not None:
            values[df.fieldname] = value
    return values


def _user_permissions() -> dict:
    from frappe.core.doctype.user_permission.user_permission import get_user_permissions

    return get_user_permissions(frappe.session.user)


def _user_default(df: Any, meta: Any, user_permissions: dict) -> Any:
    """A link takes what the user is limited to (the default one, or the only one), else the user's default."""
    if df.fieldtype != "Link":
        return None
    rules = user_permissions.get(df.options) if not df.ignore_user_permissions else None
    if rules:
        allowed = [rule.doc for rule in rules if not rule.applicable_for or rule.applicable_for == meta.name]
        for rule in rules:
            if rule.is_default and rule.doc in allowed:
                return rule.doc
        if len(allowed) == 1:
            return allowed[0]
    if df.options in ("User", "[Select]"):
        return None
    default = frappe.defaults.get_user_default(df.fieldname)
    if default and (not rules or default in [rule.doc for rule in rules]):
        return default if frappe.db.exists(df.options, default) else None
    return None


def _static_default(df: Any) -> Any:
    default = df.get("default")
    if default not in (None, ""):
        if default == "__user":
            return frappe.session.user
        text = cstr(default)
        if text.lower() in ("today", "now") or text.startswith(":"):
            return nowdate() if text.lower() == "today" else None
        return _typed(df.fieldtype, default)
    if df.fieldtype == "Select" and df.options and df.options not in ("[Select]", "Loading..."):
        return df.options.split("\n", 1)[0]
    return None


def _typed(fieldtype: str, default: Any) -> Any:
    if fieldtype in ("Check", "Int", "Long Int"):
        return cint(default)
    if fieldtype in float_like_fields:
        return flt(default)
    return default


def _set_dynamic_defaults(values: _dict, parent_doc: Any, parentfield: str | None) -> None:
    """Defaults that depend on the moment or on the parent."""
    for df in frappe.get_meta(values.doctype).default_value_fields:
        default = cstr(df.get("default"))
        if not default:
            continue
        lowered = default.lower()
        if default.startswith(":"):
            value = _default_from_reference(df, values, parent_doc)
            if value is not None:
                values[df.fieldname] = value
        elif df.fieldtype == "Datetime" and lowered == "now":
            values[df.fieldname] = now_datetime()
        elif lowered == "today":
            values[df.fieldname] = nowdate()
        elif df.fieldtype == "Time" and lowered == "now":
            values[df.fieldname] = nowtime()
    if parent_doc is not None:
        values.parent = parent_doc.get("name")
        values.parenttype = parent_doc.doctype
    if parentfield:
        values.parentfield = parentfield


def _default_from_reference(df: Any, values: _dict, parent_doc: Any) -> Any:
    """`:Company` takes the field of the same name from the company that the document refers to."""
    reference = df.default[1:]
    fieldname = reference.lower().replace(" ", "_")
    source = parent_doc if parent_doc is not None and not values.get(fieldname) else values
    name = source.get(fieldname) or frappe.db.get_default(fieldname)
    return frappe.db.get_value(reference, name, df.fieldname) if name else None
