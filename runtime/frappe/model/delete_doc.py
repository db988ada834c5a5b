"""Deleting documents: refused when others link to them, kept as Deleted Document."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model import META_DOCTYPES, log_types, table_fields
from frappe.model.naming import revert_series_of
from frappe.utils import cint, cstr

# Rows that belong to a document and go with it (or may point to nothing).
IGNORED_LINKS = (
    "Communication",
    "ToDo",
    "DocShare",
    "Email Unsubscribe",
    "Activity Log",
    "File",
    "Version",
    "Document Follow",
    "Comment",
    "View Log",
    "Tag Link",
    "Notification Log",
    "Email Queue",
    "Deleted Document",
    "Error Log",
    "Workflow Action",
    "User Permission",
    "Integration Request",
    "Scheduled Job Log",
)


def delete_doc(
    doctype: str | None = None,
    name: Any = None,
    force: bool | int = False,
    ignore_doctypes: list[str] | None = None,
    for_reload: bool = False,
    ignore_permissions: bool = False,
    flags: dict | None = None,
    ignore_on_trash: bool = False,
    ignore_missing: bool = True,
    delete_permanently: bool = False,
) -> bool | None:
    """Delete one document or several of a DocType; False when it is not there and that is fine."""
    ignore_doctypes = ignore_doctypes or []
    if doctype is None:
        doctype = frappe.form_dict.get("dt")
    names = (
        name if isinstance(name, list | tuple) else [name if name is not None else frappe.form_dict.get("dn")]
    )
    for each in names:
        if not frappe.db.exists(doctype, each):
            if ignore_missing:
                return False
            raise frappe.DoesNotExistError(doctype=doctype)
        doc = frappe.get_doc(doctype, each)
        if for_reload:
            _delete_rows(doc)
            continue
        doc.flags.update(flags or {})
        if ignore_permissions:
            doc.flags.ignore_permissions = True
        _check_deletable(doc)
        if not ignore_on_trash:
            doc.run_method("on_trash")
            doc.flags.in_delete = True
            doc.run_method("on_change")
        if doctype == "DocType":
            _check_doctype_deletable(doc, force)
        elif not force and not doc.flags.ignore_links:
            check_if_doc_is_linked(doc)
            check_if_doc_is_dynamically_linked(doc)
        if doctype == "DocType":
            _delete_doctype_parts(each)
        else:
            revert_series_of(doc)
        _delete_rows(doc)
        _delete_belongings(doc)
        doc.run_method("after_delete")
        if not delete_permanently and doctype not in ("Deleted Document", "Error Log", "Version"):
            _keep_copy(doc)
        doc.clear_cache()
        if doctype not in META_DOCTYPES:
            doc.notify_update()
    return None


def _check_deletable(doc: Any) -> None:
    if not doc.flags.ignore_permissions and not doc.has_permission("delete"):
        frappe.msgprint(
            frappe._("User not allowed to delete {0}: {1}").format(doc.doctype, doc.name),
            raise_exception=frappe.PermissionError,
        )
    if doc.docstatus.is_submitted():
        frappe.throw(
            frappe._("{0} {1}: Submitted Record cannot be deleted. You must {2} Cancel {3} it first.").format(
                frappe._(doc.doctype), doc.name, "", ""
            )
        )


def _check_doctype_deletable(doc: Any, force: bool | int) -> None:
    if not (doc.custom or frappe.conf.get("developer_mode") or frappe.flags.in_patch or force):
        frappe.throw(frappe._("Standard DocType can not be deleted."))


def _delete_rows(doc: Any) -> None:
    from frappe.utils.password import delete_all_passwords_for

    if doc.meta.issingle:
        frappe.db.delete("Singles", {"doctype": doc.doctype})
    else:
        frappe.db.sql(f"delete from `tab{doc.doctype}` where name = %s", (doc.name,))
    for df in doc.meta.get_table_fields():
        if not df.is_virtual:
            frappe.db.sql(
                f"delete from `tab{df.options}` where parent = %s and parenttype = %s",
                (cstr(doc.name), doc.doctype),
            )
    if any(df.fieldtype == "Password" for df in doc.meta.fields) or doc.doctype == "User":
        delete_all_passwords_for(doc.doctype, doc.name)


def _delete_belongings(doc: Any) -> None:
    """Files, versions and comments of the document."""
    if doc.doctype in log_types or doc.doctype == "Deleted Document":
        return
    from frappe.utils.file_manager import remove_all

    remove_all(doc.doctype, doc.name)
    frappe.db.delete("Version", {"ref_doctype": doc.doctype, "docname": cstr(doc.name)})
    frappe.db.delete("Comment", {"reference_doctype": doc.doctype, "reference_name": cstr(doc.name)})
    frappe.db.delete("User Permission", {"allow": doc.doctype, "for_value": cstr(doc.name)})


def _keep_copy(doc: Any) -> None:
    copy = frappe.new_doc("Deleted Document")
    copy.update(
        {
            "deleted_doctype": doc.doctype,
            "deleted_name": cstr(doc.name),
            "data": doc.as_json(),
            "restored": 0,
            "owner": frappe.session.user,
        }
    )
    copy.flags.ignore_permissions = True
    copy.name = frappe.generate_hash(length=10)
    now = frappe.utils.now()
    copy.creation = copy.modified = now
    copy.modified_by = frappe.session.user
    copy.db_insert()


def _delete_doctype_parts(doctype: str) -> None:
    """Tables of it in other DocTypes go; its own customizations stay, it may be made again."""
    frappe.db.delete("Custom Field", {"options": doctype, "fieldtype": ("in", table_fields)})
    frappe.cache.invalidate_fronts()


# -- link check ------------------------------------------------------------------------------------------------


def check_if_doc_is_linked(doc: Any, method: str = "Delete") -> None:
    """LinkExistsError when a document links to this one (to cancel: when a submitted one does)."""
    from frappe.model.rename_doc import get_link_fields

    ignored = set(doc.get("ignore_linked_doctypes") or ())
    for link in get_link_fields(doc.doctype):
        doctype, fieldname = link["parent"], link["fieldname"]
        if doctype in IGNORED_LINKS or doctype in ignored:
            continue
        meta = frappe.get_meta(doctype)
        if link["issingle"]:
            if frappe.db.get_single_value(doctype, fieldname) == doc.name and method == "Delete":
                raise_link_exists_exception(doc, doctype, doctype)
            continue
        columns = ["name", "docstatus"] + (["parent", "parenttype"] if meta.istable else [])
        rows = frappe.db.get_values(doctype, {fieldname: doc.name}, columns, as_dict=True)
        for row in rows:
            _check_link_row(doc, doctype, row, ignored, method)


def _check_link_row(doc: Any, doctype: str, row: Any, ignored: set[str], method: str) -> None:
    parent_doctype = row.parenttype if row.parent else doctype
    parent_name = row.parent or row.name
    if parent_doctype in ignored or (parent_doctype in IGNORED_LINKS and method == "Delete"):
        return
    if parent_doctype == doc.doctype and cstr(parent_name) == cstr(doc.name):
        return
    docstatus = cint(row.docstatus)
    if method == "Delete" and docstatus == 2:
        return  # what was cancelled may point to what is gone
    if method == "Cancel" and docstatus != 1:
        return
    raise_link_exists_exception(doc, parent_doctype, parent_name)


def check_if_doc_is_dynamically_linked(doc: Any, method: str = "Delete") -> None:
    """The same for Dynamic Link fields."""
    from frappe.model.dynamic_links import get_dynamic_link_map

    ignored = set(doc.get("ignore_linked_doctypes") or ())
    for df in get_dynamic_link_map().get(doc.doctype, []):
        if df.parent in IGNORED_LINKS or df.parent in ignored:
            continue
        meta = frappe.get_meta(df.parent)
        if meta.issingle:
            values = frappe.db.get_singles_dict(df.parent)
            if (
                values.get(df.options) == doc.doctype
                and values.get(df.fieldname) == doc.name
                and method == "Delete"
            ):
                raise_link_exists_exception(doc, df.parent, df.parent)
            continue
        columns = ["name", "docstatus"] + (["parent", "parenttype"] if meta.istable else [])
        filters = {df.options: doc.doctype, df.fieldname: cstr(doc.name)}
        for row in frappe.db.get_values(df.parent, filters, columns, as_dict=True):
            _check_link_row(doc, df.parent, row, ignored, method)


def raise_link_exists_exception(
    doc: Any, reference_doctype: str, reference_docname: Any, row: str = ""
) -> None:
    frappe.throw(
        frappe._("Cannot delete or cancel because {0} {1} is linked with {2} {3} {4}").format(
            frappe._(doc.doctype),
            _link(doc.doctype, doc.name),
            frappe._(reference_doctype),
            _link(reference_doctype, reference_docname),
            row,
        ),
        frappe.LinkExistsError,
    )


def _link(doctype: str, name: Any) -> str:
    return f'<a href="/app/Form/{doctype}/{name}">{name}</a>'
