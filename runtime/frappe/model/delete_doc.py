"""Deleting documents: refused when others link to them, kept as Deleted Document."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.links import BELONGINGS, pointing_fields
from frappe.utils import cstr

# Logs may point to nothing, and what belongs to a document goes with it.
NOT_CHECKED = {"Deleted Document", "Error Log", "ToDo", *BELONGINGS}
NOT_KEPT = ("Deleted Document", "Error Log", "Version")


def delete_doc(
    doctype: str,
    name: Any,
    force: bool = False,
    for_reload: bool = False,
    ignore_permissions: bool = False,
    flags: dict | None = None,
    ignore_missing: bool = True,
) -> None:
    """Delete a document with everything that belongs to it. `for_reload`: only its rows, without checks."""
    if frappe.get_meta(doctype).issingle and name not in (None, doctype):
        frappe.throw(
            frappe.messages.fill(frappe._("{0} {1} not found"), frappe._(doctype), name),
            frappe.DoesNotExistError,
        )
    if ignore_missing and not frappe.db.exists(doctype, name):
        return
    doc = frappe.get_doc(doctype, name)
    if for_reload:
        _delete_rows(doc)
        return
    doc.flags.update(flags or {})
    doc.flags.ignore_permissions = ignore_permissions or doc.flags.ignore_permissions
    _check_deletable(doc, force)
    doc.run_method("on_trash")
    doc.run_method("on_change")
    if doctype != "DocType" and not force and not doc.flags.ignore_links:
        check_if_doc_is_linked(doc)
    _delete_rows(doc)
    _delete_belongings(doc)
    doc.run_method("after_delete")
    if doctype not in NOT_KEPT:
        values = {"deleted_doctype": doctype, "deleted_name": cstr(doc.name), "data": doc.as_json()}
        frappe.get_doc({"doctype": "Deleted Document", **values, "restored": 0}).db_insert()
    doc.clear_cache()


def _check_deletable(doc: Any, force: bool) -> None:
    if not doc.has_permission("delete"):
        message = frappe.messages.fill(frappe._("User not allowed to delete {0}: {1}"), doc.doctype, doc.name)
        frappe.throw(message, frappe.PermissionError)
    if doc.docstatus.is_submitted():
        message = frappe._("{0} {1}: Submitted Record cannot be deleted. You must cancel it first.")
        frappe.throw(frappe.messages.fill(message, frappe._(doc.doctype), doc.name))
    if doc.doctype == "DocType" and not (doc.custom or force):
        frappe.throw(frappe._("Standard DocType can not be deleted."))


def _delete_rows(doc: Any) -> None:
    from frappe.utils.password import delete_all_passwords_for

    if doc.meta.issingle:
        frappe.db.delete("Singles", {"doctype": doc.doctype})
    else:
        frappe.db.sql(f"delete from `tab{doc.doctype}` where name = %s", (doc.name,))
    for doctype in set(doc.meta.table_doctypes.values()):
        frappe.db.delete(doctype, {"parent": cstr(doc.name), "parenttype": doc.doctype})
    if doc.meta.fields_of_type("Password"):
        delete_all_passwords_for(doc.doctype, doc.name)


def _delete_belongings(doc: Any) -> None:
    """Files, versions, comments and User Permissions of the document."""
    if doc.doctype in NOT_CHECKED:
        return
    from frappe.utils.file_manager import remove_all

    remove_all(doc.doctype, doc.name)
    for doctype, (type_field, name_field) in BELONGINGS.items():
        frappe.db.delete(doctype, {type_field: doc.doctype, name_field: cstr(doc.name)})


def check_if_doc_is_linked(doc: Any, method: str = "Delete") -> None:
    """LinkExistsError when a document links to this one (to cancel: when a submitted one does)."""
    for meta, _fieldname, filters in pointing_fields(doc.doctype, doc.name):
        if meta.name in NOT_CHECKED:
            continue
        columns = ["name", "docstatus", *(["parent", "parenttype"] if meta.istable else [])]
        single = [frappe._dict(name=meta.name, docstatus=0)]
        rows = single if meta.issingle else frappe.db.get_values(meta.name, filters, columns, as_dict=True)
        for row in rows:
            linked = (row.parenttype or meta.name, cstr(row.parent or row.name))
            if linked == (doc.doctype, cstr(doc.name)):
                continue
            # What was cancelled may point to what is gone; only what is submitted keeps others from being cancelled.
            if row.docstatus != 2 if method == "Delete" else row.docstatus == 1:
                message = frappe._("Cannot delete or cancel because {0} {1} is linked with {2} {3}")
                names = (frappe._(doc.doctype), doc.name, frappe._(linked[0]), linked[1])
                frappe.throw(frappe.messages.fill(message, *names), frappe.LinkExistsError)
