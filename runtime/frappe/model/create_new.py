"""Defaults of new documents."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.base_document import NUMBERS
from frappe.types import _dict
from frappe.utils import cstr, now_datetime, nowdate

MOMENTS = {("Date", "today"): nowdate, ("Datetime", "now"): now_datetime}


def new_values(doctype: str) -> _dict:
    """Values of an unsaved document: its defaults."""
    templates = frappe.local.new_doc_templates
    if doctype not in templates:
        templates[doctype] = _make_template(doctype)
    values = templates[doctype].copy()
    for df in frappe.get_meta(doctype).stored_fields:
        moment = MOMENTS.get((df.fieldtype, cstr(df.default).lower()))
        if moment:
            values[df.fieldname] = moment()
    return values


def _make_template(doctype: str) -> _dict:
    """Values of a new document that depend only on DocType and user."""
    from frappe.permissions import get_user_permissions

    values = _dict(doctype=doctype, __islocal=1, __unsaved=1, owner=frappe.session.user, docstatus=0)
    rules = get_user_permissions(frappe.session.user)
    for df in frappe.get_meta(doctype).stored_fields:
        value = _user_default(df, doctype, rules) if df.fieldtype == "Link" else None
        if value is None:
            value = _static_default(df)
        if value is not None:
            values[df.fieldname] = value
    return values


def _user_default(df: Any, doctype: str, user_permissions: dict) -> Any:
    """A link takes what the user is limited to (if to one document), else the site's default."""
    rules = user_permissions.get(df.options) if not df.ignore_user_permissions else None
    if rules:
        allowed = [rule for rule in rules if not rule.applicable_for or rule.applicable_for == doctype]
        if len(allowed) == 1:
            return allowed[0].doc
    default = frappe.db.get_default(df.fieldname) if df.options != "User" else None
    if default and (not rules or default in [rule.doc for rule in rules]):
        return default if frappe.db.exists(df.options, default) else None
    return None


def _static_default(df: Any) -> Any:
    default = df.default
    if default in (None, ""):
        return df.options.split("\n", 1)[0] if df.fieldtype == "Select" and df.options else None
    if default == "__user":
        return frappe.session.user
    if (df.fieldtype, cstr(default).lower()) in MOMENTS:
        return None
    return NUMBERS.get(df.fieldtype, cstr)(default)
