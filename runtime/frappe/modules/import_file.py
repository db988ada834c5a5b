"""Standard documents: JSON files of apps written into the database when they changed."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import frappe
from frappe.modules.utils import get_module_path, scrub_dt_dn

# An administrator may have changed these on the site; a new file does not undo that.
KEPT_FIELDS: dict[str, list[str]] = {
    "Report": ["disabled", "prepared_report", "add_total_row"],
    "Print Format": ["disabled"],
    "Notification": ["enabled"],
    "Workspace": ["is_hidden"],
}


def calculate_hash(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()


def import_file(module: str, dt: str, dn: str, force: bool = False, reset_permissions: bool = False) -> bool:
    dt, dn = scrub_dt_dn(dt, dn)
    path = os.path.join(get_module_path(module), dt, dn, f"{dn}.json")
    return import_file_by_path(path, force=force, reset_permissions=reset_permissions)


def import_file_by_path(
    path: str,
    force: bool = False,
    data_import: bool = False,
    pre_process: Any = None,
    ignore_version: bool | None = None,
    reset_permissions: bool = False,
) -> bool:
    """True when the file was new or changed and was therefore imported."""
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    documents = content if isinstance(content, list) else [content]
    changed = False
    for values in documents:
        doctype = values.get("doctype")
        if doctype == "DocType":
            from frappe.modules.import_doctype import import_doctype

            changed |= import_doctype(values, calculate_hash(path), force, reset_permissions)
            continue
        stored = frappe.db.get_value(doctype, values["name"], "modified")
        if stored and not force and str(stored) == str(values.get("modified")):
            continue
        import_standard_document(values, os.path.dirname(path))
        changed = True
    return changed


def import_standard_document(values: dict[str, Any], folder: str = "") -> Any:
    """Insert, or put in the place of the stored document, without permission, link or mandatory checks."""
    doctype, name = values["doctype"], values["name"]
    kept: dict[str, Any] = {}
    was_in_import = frappe.flags.in_import
    frappe.flags.in_import = True
    try:
        if frappe.db.exists(doctype, name):
            fields = KEPT_FIELDS.get(doctype) or []
            if fields:
                kept = frappe.db.get_value(doctype, name, fields, as_dict=True) or {}
            frappe.delete_doc(doctype, name, force=True, ignore_permissions=True, for_reload=True)
        doc = frappe.get_doc(values)
        _load_code_files(doc, folder)
        for field, value in kept.items():
            doc.set(field, value)
        doc.flags.ignore_version = True
        doc.flags.ignore_links = True
        doc.flags.ignore_validate = True
        doc.flags.ignore_permissions = True
        doc.flags.ignore_mandatory = True
        modified = values.get("modified")
        doc.insert()
        if modified and not doc.meta.issingle:
            frappe.db.sql(f"update `tab{doctype}` set modified = %s where name = %s", (modified, doc.name))
        return doc
    finally:
        frappe.flags.in_import = was_in_import


def _load_code_files(doc: Any, folder: str) -> None:
    """Print formats and notifications may keep their text in a file beside the JSON."""
    base = os.path.join(folder, os.path.basename(folder))
    fields = {"Print Format": {"html": ".html", "css": ".css"}, "Notification": {"message": ".md"}}
    for fieldname, suffix in fields.get(doc.doctype, {}).items():
        if folder and os.path.exists(base + suffix) and not doc.get(fieldname):
            doc.set(fieldname, frappe.read_file(base + suffix))


def import_doc(path: str, pre_process: Any = None, sort: bool = False) -> None:
    """A JSON file, or all JSON files of a folder: fixtures, exported documents."""
    if os.path.isdir(path):
        paths = sorted(os.path.join(path, name) for name in os.listdir(path))
    else:
        paths = [path]
    for each in paths:
        if each.endswith(".json"):
            frappe.flags.mute_emails = True
            with open(each, encoding="utf-8") as file:
                content = json.load(file)
            for values in content if isinstance(content, list) else [content]:
                if pre_process:
                    pre_process(values)
                _import_fixture(values)


def _import_fixture(values: dict[str, Any]) -> None:
    if values.get("doctype") == "DocType":
        from frappe.modules.import_doctype import import_doctype

        import_doctype(values, "", force=True)
        return
    doctype = values["doctype"]
    if frappe.get_meta(doctype).issingle:
        values.setdefault("name", doctype)
    import_standard_document(values)
