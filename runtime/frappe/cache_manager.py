"""Forgetting what was cached."""

from __future__ import annotations

import frappe


def clear(user: str | None = None, doctype: str | None = None) -> None:
    """`frappe.clear_cache`: of one user, of one DocType's metadata, or everything."""
    local = frappe.local
    if not (doctype or user):
        frappe.cache.delete_keys("", lasting=True)  # with an expiry it is a limit, a counter or a token
        if getattr(local, "db", None):
            local.db.value_cache.clear()
    frappe.cache.invalidate_fronts()
    local.request_cache.clear()
    local.new_doc_templates = {}
