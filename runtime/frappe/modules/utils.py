"""From a module's name to its Python modules."""

from __future__ import annotations

from types import ModuleType

import frappe
from frappe.installed import get_module_app, scrub


def load_doctype_module(doctype: str, module: str) -> ModuleType:
    """The Python module of a DocType's controller."""
    folder = scrub(doctype)
    return frappe.get_module(f"{get_module_app(module)}.{scrub(module)}.doctype.{folder}.{folder}")
