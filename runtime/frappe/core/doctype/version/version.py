"""Versions: what a save changed, for DocTypes that track changes."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model import display_fieldtypes, table_fields
from frappe.model.document import Document
from frappe.model.validation import differs
from frappe.utils import cstr


class Version(Document):
    """`data` is JSON: changed, added, removed, row_changed."""


def record_version(doc: Any) -> None:
    """Add a Version for what this save changed; a new document has none."""
    before = doc.get_doc_before_save()
    difference = get_diff(before, doc) if before else {}
    if any(difference.values()):
        data = frappe.as_json(difference, indent=None, separators=(",", ":"))
        values = {"ref_doctype": doc.doctype, "docname": cstr(doc.name), "data": data}
        frappe.get_doc({"doctype": "Version", **values}).insert(ignore_permissions=True)


def get_diff(old: Any, new: Any) -> dict[str, list]:
    """Differences between two states of a document, as they are stored in a Version."""
    out: dict[str, list] = {
        "changed": _changed_values(old, new),
        "added": [],
        "removed": [],
        "row_changed": [],
    }
    if old.docstatus != new.docstatus:
        out["changed"].append(["docstatus", old.docstatus, new.docstatus])
    for fieldname in new.meta.table_doctypes:
        before = {row.name: row for row in old.get(fieldname) or ()}
        after = new.get(fieldname) or []
        for index, row in enumerate(after):
            if row.name not in before:
                out["added"].append([fieldname, row.as_dict()])
            elif changed := _changed_values(before[row.name], row):
                out["row_changed"].append([fieldname, index, row.name, changed])
        for name in before.keys() - {row.name for row in after}:
            out["removed"].append([fieldname, before[name].as_dict()])
    return out


def _changed_values(old: Any, new: Any) -> list[list]:
    changed = []
    for df in new.meta.fields:
        before, after = old.get(df.fieldname), new.get(df.fieldname)
        if df.fieldtype in (*display_fieldtypes, *table_fields) or not differs(df, before, after):
            continue
        changed.append([df.fieldname, before, after])
    return changed
