"""Forgetting what was cached."""

from __future__ import annotations

import frappe


def clear(user: str | None = None, doctype: str | None = None) -> None:
    """`frappe.clear_cache`: of one user, of one DocType's metadata, or everything."""
    local = frappe.local
    if doctype:
        clear_doctype_cache(doctype)
    elif user:
        clear_user_cache(user)
    else:
        frappe.cache.clear_derived()
        local.cache = {}
        local.request_cache.clear()
        local.doc_events_hooks = None
        if getattr(local, "db", None):
            local.db.value_cache.clear()
        for function in frappe.get_hooks("clear_cache"):
            frappe.get_attr(function)()
    local.role_permissions = {}
    local.new_doc_templates = {}


def clear_user_cache(user: str | None = None) -> None:
    frappe.local.user_perms = None
    frappe.local.request_cache.pop("defaults", None)
    frappe.local.request_cache.pop("cached_docs", None)
    frappe.cache.invalidate_fronts()
    frappe.cache.delete_keys(f"user:{user}:")


def clear_doctype_cache(doctype: str | None = None) -> None:
    """Metadata and what follows from them, in every process."""
    frappe.cache.invalidate_fronts()
    frappe.cache.front("meta").clear()
    frappe.cache.front("controllers").clear()
    frappe.cache.front("links").clear()
    frappe.local.new_doc_templates = {}
    frappe.local.role_permissions = {}
    frappe.local.request_cache.pop("cached_docs", None)
