"""Defaults of users and of the site (`tabDefaultValue`), and the global values of `frappe.db.get_global`."""

from __future__ import annotations

from typing import Any

import frappe


def get_defaults_for(parent: str = "__default") -> dict[str, str]:
    """Key → value of a user, of the site (`__default`) or of `__global`; read once a request."""
    known = frappe.local.request_cache["defaults"]
    if parent not in known:
        rows = frappe.db.sql("select defkey, defvalue from `tabDefaultValue` where parent = %s", (parent,))
        known[parent] = dict(rows)
    return known[parent]


def set_default(key: str, value: Any, parent: str, parenttype: str = "__default") -> None:
    """Set a user's (or the site's) value; None removes it."""
    frappe.db.delete("DefaultValue", {"defkey": key, "parent": parent})
    if value is not None:
        columns = ["name", "parent", "parenttype", "parentfield", "defkey", "defvalue"]
        name, text = frappe.generate_hash(length=10), frappe.utils.cstr(value)
        row = [name, parent, parenttype, "system_defaults", key, text]
        frappe.db.bulk_insert("DefaultValue", columns, [row])
    frappe.local.request_cache.pop("defaults", None)
    if parent.startswith("__"):  # the site's language and list of apps are among them
        frappe.cache.invalidate_fronts()
