"""The session's permissions as conditions of a list query."""

from __future__ import annotations

import frappe
from frappe.permissions import get_limits, get_role_permissions, is_strict


def match_condition(doctype: str, user: str) -> str:
    """SQL that keeps only what the user may read; '' when that is everything. Values are escaped in it.

    Rows of child tables go by their parent, which the query names.
    """
    meta = frappe.get_meta(doctype)
    if meta.istable:
        return ""
    if user == "Administrator":
        own = ""
    else:
        permissions = get_role_permissions(meta, user)
        owner_only = permissions["if_owner"]
        if "read" in owner_only or "select" in owner_only:
            own = f"`tab{doctype}`.`owner` = {frappe.db.escape(user, percent=False)}"
        else:
            own = " and ".join(_user_permission_conditions(doctype, user))
    hooks = (frappe.get_hooks("permission_query_conditions") or {}).get(doctype, [])
    conditions = [own, *(frappe.call(method, user, doctype=doctype) for method in hooks)]
    return " and ".join(f"({condition})" for condition in conditions if condition)


def sees_all(doctype: str, user: str) -> bool:
    """Whether no rule hides single documents of the DocType from the user, who may read the DocType."""
    if user == "Administrator":
        return True
    by_document, by_list = (
        frappe.get_hooks(f"{kind}", {}) for kind in ("has_permission", "permission_query_conditions")
    )
    hides_single_ones = doctype in by_document and doctype not in by_list
    return not hides_single_ones and not match_condition(doctype, user)


def _user_permission_conditions(doctype: str, user: str) -> list[str]:
    conditions = []
    for fieldname, allowed in get_limits(doctype, doctype, user).items():
        column = f"`tab{doctype}`.`{fieldname}`"
        names = ", ".join(frappe.db.escape(name, percent=False) for name in allowed)
        condition = f"{column} in ({names})"
        if fieldname != "name" and not is_strict():
            condition = f"({condition} or {column} is null or {column} = '')"
        conditions.append(condition)
    return conditions
