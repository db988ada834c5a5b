"""Renaming documents, with everything that refers to them."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.links import BELONGINGS, pointing_fields
from frappe.model.naming import validate_name


def rename_doc(doctype: str, old: str, new: str, force: bool = False) -> str:
    """Give a document another name; returns the name it has now. `force`: even where the DocType does not allow it."""
    doc = frappe.get_doc(doctype, old)
    doc.run_method("before_rename", old, new, False)
    new = validate_name(doctype, new)
    _check(doc, new, force)
    frappe.db.sql(f"update `tab{doctype}` set name = %s where name = %s", (new, old))
    _update_references(doc, new)
    autoname = doc.meta.autoname or ""
    if autoname.startswith("field:"):
        frappe.db.set_value(doctype, new, autoname[6:], new, update_modified=False)
    frappe.clear_document_cache(doctype, old)
    frappe.db.value_cache.clear()
    renamed = frappe.get_doc(doctype, new)
    renamed.run_method("after_rename", old, new, False)
    text = frappe._("renamed from {0} to {1}").format(frappe.bold(old), frappe.bold(new))
    renamed.add_comment("Edit", text)
    return new


def _check(doc: Any, new: str, force: bool) -> None:
    """ValidationError or PermissionError unless the document may get this name."""
    doctype = frappe._(doc.doctype)
    if not doc.has_permission("write"):
        frappe.throw(frappe._("You need write permission to rename"), frappe.PermissionError)
    if doc.doctype == "DocType" or not (force or doc.meta.allow_rename):
        frappe.throw(frappe.messages.fill(frappe._("{0} not allowed to be renamed"), doctype))
    if frappe.db.get_value(doc.doctype, new, "name", for_update=True) == new:
        message = frappe._("Another {0} with name {1} exists, select another name")
        frappe.throw(frappe.messages.fill(message, doctype, new))


def _update_references(doc: Any, new: str) -> None:
    """Point links, dynamic links, child rows and what belongs to the document to the new name."""
    doctype, old = doc.doctype, doc.name
    for meta, fieldname, filters in pointing_fields(doctype, old):
        if meta.issingle:
            frappe.db.set_single_value(meta.name, fieldname, new)
        else:
            frappe.db.set_value(meta.name, filters, fieldname, new, update_modified=False)
    columns = {**BELONGINGS, **dict.fromkeys(doc.meta.table_doctypes.values(), ("parenttype", "parent"))}
    for table, (type_field, name_field) in columns.items():
        frappe.db.set_value(
            table, {type_field: doctype, name_field: old}, name_field, new, update_modified=False
        )
    frappe.db.sql("update `__Auth` set name = %s where doctype = %s and name = %s", (new, doctype, old))
