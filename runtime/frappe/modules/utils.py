"""From a module's name to its app and Python modules."""

from __future__ import annotations

from types import ModuleType

import frappe

scrub = frappe.scrub


def get_module_app(module: str) -> str:
    """The app that has the module (by `modules.txt`)."""
    app = (frappe.local.module_app or {}).get(scrub(module))
    if app is None:
        frappe.throw(frappe._("Module {} not found").format(module), exc=frappe.DoesNotExistError)
    return app


def load_doctype_module(doctype: str, module: str | None = None) -> ModuleType:
    """The Python module of a DocType's controller."""
    module = module or frappe.get_meta(doctype).module
    name = f"{get_module_app(module)}.{scrub(module)}.doctype.{scrub(doctype)}.{scrub(doctype)}"
    try:
        return frappe.get_module(name)
    except ModuleNotFoundError as error:
        if error.name and not name.startswith(error.name):
            raise  # the controller is there, something that it imports is not
        raise ImportError(
            f"Module import failed for {doctype}, the DocType's module is {name}: {error}"
        ) from error
