"""From a module's name to its app, folder and Python modules."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import frappe

scrub = frappe.scrub


def get_module_app(module: str) -> str:
    """The app that has the module (by `modules.txt`)."""
    app = (frappe.local.module_app or {}).get(scrub(module))
    if app is None:
        frappe.throw(frappe._("Module {} not found").format(module), exc=frappe.DoesNotExistError)
    return app


def get_module_path(module: str) -> str:
    return frappe.get_module_path(module)


def scrub_dt_dn(dt: str, dn: str) -> tuple[str, str]:
    """Folder and file name of a standard document."""
    return scrub(dt), scrub(dn)


def get_doc_path(module: str, doctype: str, name: str) -> str:
    return os.path.join(get_module_path(module), *scrub_dt_dn(doctype, name))


def get_module_name(
    doctype: str, module: str, prefix: str = "", suffix: str = "", app: str | None = None
) -> str:
    app = scrub(app or get_module_app(module))
    name = scrub(doctype)
    return f"{app}.{scrub(module)}.doctype.{name}.{prefix}{name}{suffix}"


def get_doctype_module(doctype: str) -> str:
    """Module that a DocType belongs to."""
    return frappe.get_meta(doctype).module


def load_doctype_module(
    doctype: str, module: str | None = None, prefix: str = "", suffix: str = ""
) -> ModuleType:
    """The Python module of a DocType's controller."""
    module = module or get_doctype_module(doctype)
    name = get_module_name(doctype, module, prefix, suffix)
    try:
        return frappe.get_module(name)
    except ModuleNotFoundError as error:
        if error.name and not name.startswith(error.name):
            raise  # the controller is there, something that it imports is not
        raise ImportError(
            f"Module import failed for {doctype}, the DocType's module is {name}: {error}"
        ) from error


def reload_doctype(doctype: str, force: bool = False, reset_permissions: bool = False) -> None:
    reload_doc(
        scrub(get_doctype_module(doctype)),
        "doctype",
        scrub(doctype),
        force=force,
        reset_permissions=reset_permissions,
    )


def reload_doc(
    module: str,
    dt: str | None = None,
    dn: str | None = None,
    force: bool = False,
    reset_permissions: bool = False,
) -> Any:
    """Read one standard document from its file again."""
    from frappe.modules.import_file import import_file

    return import_file(module, dt or "", dn or "", force=force, reset_permissions=reset_permissions)
