"""Forgetting what was cached."""

from __future__ import annotations

import frappe


def clear(user: str | None = None, doctype: str | None = None) -> None:
    """`frappe.clear_cache`: of one user, of one DocType's metadata, or everything."""
    local = frappe.local
    if doctype or user:
        frappe.cache.invalidate_fronts()
        local.request_cache.pop("defaults", None)
        local.request_cache.pop("cached_docs", None)
    else:
        frappe.cache.clear_derived()
        local.request_cache.clear()
        if getattr(local, "db", None):
            local.db.value_cache.clear()
    local.new_doc_templates = {}
