"""The session's permissions as conditions of a list query."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.permissions import get_allowed_docs_for_doctype, get_role_permissions, get_user_permissions


def match_condition(doctype: str, user: str) -> str:
    """SQL that keeps only what the user may read; '' when that is everything. Values are escaped in it."""
    if user == "Administrator":
        own = ""
    else:
        meta = frappe.get_meta(doctype)
        permissions = get_role_permissions(meta, user=user)
        owner_only = permissions["if_owner"]
        if permissions["has_if_owner_enabled"] and ("read" in owner_only or "select" in owner_only):
            own = f"`tab{doctype}`.`owner` = {frappe.db.escape(user, percent=False)}"
        else:
            own = " and ".join(_user_permission_conditions(meta, user))
    return " and ".join(f"({part})" for part in (own, hook_conditions(doctype, user)) if part)


def _user_permission_conditions(meta: Any, user: str) -> list[str]:
    rules = get_user_permissions(user)
    if not rules:
        return []
    strict = frappe.get_system_settings("apply_strict_user_permissions")
    conditions = []
    fields = [(f.fieldname, f.options) for f in meta.get_link_fields() if not f.ignore_user_permissions]
    for fieldname, options in [*fields, ("name", meta.name)]:
        if options not in rules:
            continue
        allowed = get_allowed_docs_for_doctype(rules[options], meta.name)
        if not allowed:
            continue
        column = f"`tab{meta.name}`.`{fieldname}`"
        names = ", ".join(frappe.db.escape(name, percent=False) for name in allowed)
        condition = f"{column} in ({names})"
        if not strict and fieldname != "name":
            condition = f"({condition} or {column} is null or {column} = '')"
        conditions.append(condition)
    return conditions


def hook_conditions(doctype: str, user: str) -> str:
    """What the permission_query_conditions hooks add."""
    hooks = (frappe.get_hooks("permission_query_conditions") or {}).get(doctype, [])
    found = [frappe.call(method, user, doctype=doctype) for method in hooks]
    return " and ".join(f"({condition})" for condition in found if condition)
