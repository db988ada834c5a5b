"""`frappe.client.*`: documents over `/api/method`, with the caller's permissions."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.utils import cint, sbool

_STANDARD_FIELDS = default_fields + child_table_fields + optional_fields


@frappe.whitelist()
def get_list(
    doctype: str,
    fields: Any = None,
    filters: Any = None,
    order_by: str | None = None,
    limit_start: Any = None,
    limit_page_length: Any = 20,
    as_dict: bool = True,
    or_filters: Any = None,
) -> Any:
    """Rows the caller may read."""
    fields = frappe.parse_json(fields)
    _check_request(doctype, fields)
    return frappe.get_list(
        doctype,
        fields=fields,
        filters=frappe.parse_json(filters),
        or_filters=frappe.parse_json(or_filters),
        order_by=order_by,
        limit_start=cint(limit_start),
        limit_page_length=cint(limit_page_length),
        as_list=not sbool(as_dict),
    )


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None) -> int:
    """Number of rows; needs permission to read the DocType."""
    frappe.has_permission(doctype, throw=True)
    return frappe.db.count(doctype, frappe.parse_json(filters))


@frappe.whitelist()
def get(doctype: str, name: str | None = None, filters: Any = None) -> Any:
    """One document by name or filters."""
    _check_request(doctype)
    return read(doctype, name or frappe.parse_json(filters)).as_dict()


def read(doctype: str, name: Any) -> Any:
    """The document without what the caller may not read of it."""
    doc = frappe.get_doc(doctype, name)
    doc.check_permission()
    doc.apply_fieldlevel_read_permissions()
    return doc


@frappe.whitelist()
def get_value(doctype: str, fieldname: Any, filters: Any = None, as_dict: bool = True) -> Any:
    """Field values of the first row that matches; of a Single without filters."""
    fields = _parsed(fieldname)
    fields = [fields] if isinstance(fields, str) else fields
    _check_request(doctype, fields)
    frappe.has_permission(doctype, throw=True)
    if frappe.get_meta(doctype).issingle:
        rows = [{field: frappe.db.get_single_value(doctype, field) for field in fields}]
    else:
        wanted = _parsed(filters)
        wanted = {"name": wanted} if isinstance(wanted, str) else wanted or {}
        rows = frappe.get_list(doctype, filters=wanted, fields=fields, limit_page_length=1, order_by=None)
    if sbool(as_dict):
        return rows[0] if rows else {}
    values = list(rows[0].values()) if rows else [None]
    return values if len(values) > 1 else values[0]


@frappe.whitelist()
def get_single_value(doctype: str, field: str) -> Any:
    return get_value(doctype, field, as_dict=False)


@frappe.whitelist(methods=["POST", "PUT"])
def set_value(doctype: str, name: str, fieldname: Any, value: Any = None) -> Any:
    """Set one field, or several given as a dict, and save the document; of a child row the document it belongs to."""
    if fieldname in _STANDARD_FIELDS:
        frappe.throw(_("Cannot edit standard fields"))
    values = _parsed(fieldname)
    return update(doctype, name, {values: value} if isinstance(values, str) else values).as_dict()


def update(doctype: str, name: str, values: dict[str, Any]) -> Any:
    """Change a document, or one row with the document it belongs to, and save it."""
    changed = doc = frappe.get_doc(doctype, name, for_update=True)
    if changed.meta.istable:
        doc = frappe.get_doc(changed.parenttype, changed.parent, for_update=True)
        changed = next(row for row in doc.get(changed.parentfield) if row.name == name)
    changed.update({key: value for key, value in values.items() if key not in ("doctype", "flags")})
    return doc.save()


@frappe.whitelist(methods=["POST", "PUT"])
def insert(doc: Any) -> Any:
    return frappe.get_doc(frappe.parse_json(doc)).insert().as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def save(doc: Any) -> Any:
    return frappe.get_doc(frappe.parse_json(doc)).save().as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def rename_doc(doctype: str, old_name: str, new_name: str) -> str:
    return frappe.rename_doc(doctype, old_name, new_name)


@frappe.whitelist(methods=["POST", "PUT"])
def submit(doc: Any) -> Any:
    return frappe.get_doc(frappe.parse_json(doc)).submit().as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def cancel(doctype: str, name: str) -> Any:
    return frappe.get_doc(doctype, name).cancel().as_dict()


@frappe.whitelist(methods=["DELETE", "POST"])
def delete(doctype: str, name: str) -> None:
    frappe.delete_doc(doctype, name, ignore_missing=False)


@frappe.whitelist()
def has_permission(doctype: str, docname: str, perm_type: str = "read") -> dict[str, bool]:
    return {"has_permission": bool(frappe.has_permission(doctype, perm_type.lower(), docname))}


def _parsed(value: Any) -> Any:
    """A list or object written as JSON is read; any other text stays."""
    return frappe.parse_json(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _check_request(doctype: str, fields: Any = None) -> None:
    """Rows of a child table are read with their document only (PermissionError else); a plain name that is no field
    of the DocType is a DataError. What the user may not see is just left out."""
    meta = frappe.get_meta(doctype)
    if meta.istable:
        raise frappe.PermissionError
    for name in [fields] if isinstance(fields, str) else fields or []:
        plain = isinstance(name, str) and name.isidentifier()
        if plain and name not in _STANDARD_FIELDS and not meta.get_field(name):
            frappe.throw(_("Field not permitted in query") + f": {name}", frappe.DataError)
