"""Modules of apps and the standard documents in their folders."""

from frappe.modules.utils import get_module_app, scrub

__all__ = ["get_module_app", "scrub"]
