"""Modules of apps and the standard documents in their folders."""

from frappe.modules.utils import (
    get_doc_path,
    get_module_app,
    get_module_path,
    load_doctype_module,
    reload_doc,
    reload_doctype,
    scrub,
    scrub_dt_dn,
)

__all__ = [
    "get_doc_path",
    "get_module_app",
    "get_module_path",
    "load_doctype_module",
    "reload_doc",
    "reload_doctype",
    "scrub",
    "scrub_dt_dn",
]
