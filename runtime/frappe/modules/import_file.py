"""Standard documents and fixtures: JSON files of apps written into the database when they changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import frappe

# An administrator may have changed these on the site; a new file does not undo that.
KEPT_FIELDS: dict[str, list[str]] = {
    "Report": ["disabled", "prepared_report", "add_total_row"],
    "Print Format": ["disabled"],
    "Notification": ["enabled"],
    "Workspace": ["is_hidden"],
}


def import_file_by_path(path: str, force: bool = False, reset_permissions: bool = False) -> bool:
    """Import a standard document's file; True when it was new or changed and therefore imported."""
    content = Path(path).read_bytes()
    values = json.loads(content)
    if values["doctype"] == "DocType":
        from frappe.modules.import_doctype import import_doctype

        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return import_doctype(values, digest, force, reset_permissions)
    stored = frappe.db.get_value(values["doctype"], values["name"], "modified")
    if stored and not force and str(stored) == str(values.get("modified")):
        return False
    import_document(values)
    return True


def import_document(values: dict[str, Any]) -> None:
    """Insert, or put in the place of the stored document, without permission, link or mandatory checks."""
    doctype = values["doctype"]
    name = values.setdefault("name", doctype)  # a single document may come without
    kept: dict[str, Any] = {}
    was_in_import, frappe.flags.in_import = frappe.flags.in_import, True
    try:
        if frappe.db.exists(doctype, name):
            if fields := KEPT_FIELDS.get(doctype):
                kept = frappe.db.get_value(doctype, name, fields, as_dict=True) or {}
            frappe.delete_doc(doctype, name, force=True, ignore_permissions=True, for_reload=True)
        doc = frappe.get_doc({**values, **kept})
        for check in ("version", "links", "validate", "permissions", "mandatory"):
            doc.flags[f"ignore_{check}"] = True
        doc.insert()
        if values.get("modified") and not doc.meta.issingle:
            frappe.db.sql(
                f"update `tab{doctype}` set modified = %s where name = %s", (values["modified"], doc.name)
            )
    finally:
        frappe.flags.in_import = was_in_import


def import_doc(path: str) -> None:
    """A JSON file, or all JSON files of a folder, each with one document or a list of them."""
    given = Path(path)
    for file in [given] if given.is_file() else sorted(given.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        for values in content if isinstance(content, list) else [content]:
            import_document(values)
