"""Standard documents: JSON files of apps written into the database when they changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import frappe
from frappe.modules.import_doctype import import_doctype


def import_file_by_path(path: Path) -> None:
    """Import a standard document's file if it is new or changed."""
    content = path.read_bytes()
    values = json.loads(content)
    if values["doctype"] == "DocType":
        import_doctype(values, hashlib.md5(content, usedforsecurity=False).hexdigest())
    else:
        stored = frappe.db.get_value(values["doctype"], values["name"], "modified")
        if not stored or str(stored) != str(values.get("modified")):
            import_document(values)


def import_document(values: dict[str, Any]) -> None:
    """Insert, or put in the place of the stored document, without permission, link or mandatory checks."""
    doctype = values["doctype"]
    name = values.setdefault("name", doctype)  # a single document may come without
    frappe.flags.in_import = True
    if frappe.db.exists(doctype, name):
        frappe.delete_doc(doctype, name, force=True, ignore_permissions=True, for_reload=True)
    doc = frappe.get_doc(values)
    for check in ("version", "links", "validate", "permissions", "mandatory"):
        doc.flags[f"ignore_{check}"] = True
    doc.insert()
    if values.get("modified") and not doc.meta.issingle:
        frappe.db.set_value(doctype, doc.name, "modified", values["modified"], update_modified=False)
    frappe.flags.in_import = False
