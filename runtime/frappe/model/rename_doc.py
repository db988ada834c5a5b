"""Renaming documents, with everything that refers to them."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.links import BELONGINGS, get_link_fields
from frappe.model.naming import validate_name
from frappe.utils import cstr


def rename_doc(doctype: str, old: str, new: str, force: bool = False) -> str:
    """Give a document another name; returns the name it has now. `force`: even where the DocType does not allow it."""
    doc = frappe.get_doc(doctype, old)
    changed = doc.run_method("before_rename", old, new, False)
    new = cstr(validate_name(doctype, changed.get("new", new) if isinstance(changed, dict) else new))
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
        frappe.throw(frappe._("{0} not allowed to be renamed").format(doctype))
    if frappe.db.get_value(doc.doctype, new, "name", for_update=True) == new:
        message = frappe._("Another {0} with name {1} exists, select another name")
        frappe.throw(message.format(doctype, new))


def _update_references(doc: Any, new: str) -> None:
    """Point links, dynamic links, child rows and what belongs to the document to the new name."""
    doctype, old = doc.doctype, doc.name
    for field in get_link_fields(doctype):
        if field.issingle:
            values = frappe.db.get_singles_dict(field.parent)
            points = values.get(field.fieldname) == old
            if points and (not field.type_field or values.get(field.type_field) == doctype):
                frappe.db.set_single_value(field.parent, field.fieldname, new)
        else:
            condition = f" and `{field.type_field}` = %s" if field.type_field else ""
            frappe.db.sql(
                f"update `tab{field.parent}` set `{field.fieldname}` = %s"
                f" where `{field.fieldname}` = %s{condition}",
                (new, old, doctype) if condition else (new, old),
            )
    columns = [("__Auth", "doctype", "name")]
    columns += [(f"tab{table}", *fields) for table, fields in BELONGINGS.items()]
    columns += [(f"tab{child}", "parenttype", "parent") for child in set(doc.meta.table_doctypes.values())]
    for table, type_column, name_column in columns:
        frappe.db.sql(
            f"update `{table}` set `{name_column}` = %s where `{type_column}` = %s and `{name_column}` = %s",
            (new, doctype, old),
        )
