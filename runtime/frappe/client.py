"""`frappe.client.*`: documents over `/api/method`, with the caller's permissions."""

from __future__ import annotations

from typing import Any

import frappe
import frappe.model
from frappe import _
from frappe.utils import cint


@frappe.whitelist()
def get_list(
    doctype: str,
    fields: Any = None,
    filters: Any = None,
    group_by: str | None = None,
    order_by: str | None = None,
    limit_start: Any = None,
    limit_page_length: Any = 20,
    parent: str | None = None,
    debug: bool = False,
    as_dict: bool = True,
    or_filters: Any = None,
) -> Any:
    """Rows the caller may read."""
    if frappe.is_table(doctype):
        check_parent_permission(parent, doctype)
    fields = frappe.parse_json(fields)
    check_fields(doctype, fields)
    return frappe.get_list(
        doctype,
        parent_doctype=parent,
        fields=fields,
        filters=frappe.parse_json(filters),
        or_filters=frappe.parse_json(or_filters),
        group_by=group_by,
        order_by=order_by,
        limit_start=cint(limit_start),
        limit_page_length=cint(limit_page_length),
        as_list=not frappe.utils.sbool(as_dict),
    )


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None, debug: bool = False, cache: bool = False) -> int:
    """Number of rows; needs permission to read the DocType."""
    frappe.has_permission(doctype, throw=True)
    return frappe.db.count(doctype, frappe.parse_json(filters))


@frappe.whitelist()
def get(doctype: str, name: str | None = None, filters: Any = None, parent: str | None = None) -> Any:
    """One document by name or filters."""
    if frappe.is_table(doctype):
        check_parent_permission(parent, doctype)
    doc = frappe.get_doc(doctype, name or frappe.parse_json(filters))
    doc.check_permission()
    doc.apply_fieldlevel_read_permissions()
    return doc.as_dict()


@frappe.whitelist()
def get_value(
    doctype: str,
    fieldname: Any,
    filters: Any = None,
    as_dict: bool = True,
    debug: bool = False,
    parent: str | None = None,
) -> Any:
    """Field values of the first row that matches; without filters, of a Single."""
    if frappe.is_table(doctype):
        check_parent_permission(parent, doctype)
    if not frappe.has_permission(doctype, parent_doctype=parent):
        frappe.throw(_("No permission for {0}").format(_(doctype)), frappe.PermissionError)
    filters = frappe.parse_json(filters) if isinstance(filters, str) and filters[:1] in "{[" else filters
    if isinstance(filters, str):
        filters = {"name": filters}
    fields = (
        frappe.parse_json(fieldname) if isinstance(fieldname, str) and fieldname[:1] == "[" else fieldname
    )
    fields = [fields] if isinstance(fields, str) else fields
    as_dict = frappe.utils.sbool(as_dict)
    check_fields(doctype, fields)
    if frappe.get_meta(doctype).issingle:
        row = {field: frappe.db.get_single_value(doctype, field) for field in fields}
        values = [row if as_dict else tuple(row.values())]
    else:
        values = frappe.get_list(
            doctype,
            filters=filters or {},
            fields=fields,
            limit_page_length=1,
            parent_doctype=parent,
            order_by=None,
            as_list=not as_dict,
        )
    if as_dict:
        return values[0] if values else {}
    if not values:
        return None
    return values[0] if len(fields) > 1 else values[0][0]


@frappe.whitelist()
def get_single_value(doctype: str, field: str) -> Any:
    if not frappe.has_permission(doctype):
        frappe.throw(_("No permission for {0}").format(_(doctype)), frappe.PermissionError)
    return frappe.db.get_single_value(doctype, field)


@frappe.whitelist(methods=["POST", "PUT"])
def set_value(doctype: str, name: str, fieldname: Any, value: Any = None) -> Any:
    """Set one field, or several given as a dict, and save the document."""
    if fieldname in (*frappe.model.default_fields, *frappe.model.child_table_fields):
        frappe.throw(_("Cannot edit standard fields"))
    values = (
        frappe.parse_json(fieldname) if isinstance(fieldname, str) and fieldname[:1] == "{" else fieldname
    )
    if isinstance(values, str):
        values = {values: value}
    parent = (
        None
        if not frappe.is_table(doctype)
        else frappe.db.get_value(doctype, name, ["parenttype", "parent"], as_dict=True)
    )
    if parent:
        doc = frappe.get_doc(parent.parenttype, parent.parent)
        next(row for row in doc.get_all_children() if (row.doctype, row.name) == (doctype, name)).update(
            values
        )
    else:
        doc = frappe.get_doc(doctype, name)
        doc.update(values)
    doc.save()
    return doc.as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def insert(doc: Any = None) -> Any:
    return insert_doc(frappe.parse_json(doc)).as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def insert_many(docs: Any = None) -> list[str]:
    """At most 200 documents in one transaction; answers their names."""
    docs = frappe.parse_json(docs)
    if len(docs) > 200:
        frappe.throw(_("Only 200 inserts allowed in one request"))
    return [insert_doc(doc).name for doc in docs]


@frappe.whitelist(methods=["POST", "PUT"])
def save(doc: Any) -> Any:
    document = frappe.get_doc(frappe.parse_json(doc))
    document.save()
    return document.as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def rename_doc(doctype: str, old_name: str, new_name: str, merge: bool = False) -> str:
    return frappe.rename_doc(doctype, old_name, new_name, merge=merge)


@frappe.whitelist(methods=["POST", "PUT"])
def submit(doc: Any) -> Any:
    document = frappe.get_doc(frappe.parse_json(doc))
    document.submit()
    return document.as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def cancel(doctype: str, name: str) -> Any:
    document = frappe.get_doc(doctype, name)
    document.cancel()
    return document.as_dict()


@frappe.whitelist(methods=["DELETE", "POST"])
def delete(doctype: str, name: str) -> None:
    frappe.delete_doc(doctype, name, ignore_missing=False)


@frappe.whitelist()
def has_permission(doctype: str, docname: str, perm_type: str = "read") -> dict[str, bool]:
    return {"has_permission": bool(frappe.has_permission(doctype, perm_type.lower(), docname))}


def insert_doc(doc: Any) -> Any:
    """Insert a document, or append a row to the parent that a child row names."""
    doc = frappe._dict(doc)
    if frappe.is_table(doc.doctype):
        if not (doc.parenttype and doc.parent and doc.parentfield):
            frappe.throw(_("Parenttype, Parent and Parentfield are required to insert a child record"))
        parent = frappe.get_doc(doc.parenttype, doc.parent)
        parent.append(doc.parentfield, doc)
        parent.save()
        return parent
    return frappe.get_doc(doc).insert()


def check_parent_permission(parent: str | None, child_doctype: str) -> None:
    """Rows of a child table are readable by who may read the parent DocType."""
    if parent:
        fields = frappe.get_meta(parent).get_table_fields()
        if any(field.options == child_doctype for field in fields) and frappe.has_permission(parent):
            return
    raise frappe.PermissionError


def check_fields(doctype: str, fields: Any) -> None:
    """A plain name that is no field of the DocType is an error; what the user may not see is just left out."""
    names = [fields] if isinstance(fields, str) else fields or []
    known = {*frappe.model.default_fields, *frappe.model.child_table_fields, *frappe.model.optional_fields}
    known.update(field.fieldname for field in frappe.get_meta(doctype).fields)
    for name in names:
        if isinstance(name, str) and name.isidentifier() and name not in known:
            frappe.throw(_("Field not permitted in query") + f": {name}", frappe.DataError)
