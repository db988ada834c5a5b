"""`frappe.client.*`: documents over `/api/method`, with the caller's permissions."""

from __future__ import annotations

from typing import Any

import orjson

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.base_document import get_controller
from frappe.model.query_permissions import sees_all
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
    fields = parsed(fields)
    _check_request(doctype, fields)
    return frappe.get_list(
        doctype,
        fields=fields,
        filters=parsed(filters),
        or_filters=parsed(or_filters),
        order_by=order_by,
        limit_start=cint(limit_start),
        limit_page_length=cint(limit_page_length),
        as_list=not sbool(as_dict),
        visible_only=True,
    )


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None) -> int:
    """How many rows a list would show."""
    _check_request(doctype)
    count = f"count(distinct `tab{doctype}`.`name`) as total"
    return frappe.get_list(
        doctype, fields=[count], filters=parsed(filters), order_by=None, visible_only=True
    )[0].total


@frappe.whitelist()
def get(doctype: str, name: str | None = None, filters: Any = None) -> Any:
    """One document by name, the first that fits the filters among those that the caller may read, or a Single."""
    _check_request(doctype)
    if not name and filters not in (None, "") and not frappe.get_meta(doctype).issingle:
        names = frappe.get_list(
            doctype, filters=parsed(filters), pluck="name", limit_page_length=1, visible_only=True
        )
        if not names:
            frappe.throw(_("Nothing was found."), frappe.DoesNotExistError)
        name = names[0]
    return read(doctype, name).as_dict()


def read(doctype: str, name: str | None) -> Any:
    """The document without what the caller may not read of it."""
    doc = permitted(doctype, name, "read")
    doc.apply_fieldlevel_read_permissions()
    return doc


def permitted(doctype: str, name: Any, right: str, for_update: bool = False) -> Any:
    """The document, if the caller has the right on it; PermissionError also for one that does not exist, unless the
    caller sees all there are.
    """
    meta = frappe.get_meta(doctype)
    if meta.issingle:
        name = name or doctype
        if name != doctype:
            frappe.throw(
                frappe.messages.fill(_("{0} {1} not found"), _(doctype), name), frappe.DoesNotExistError
            )
    elif not meta.istable and not (isinstance(name, str | int) and frappe.db.exists(doctype, name)):
        frappe.has_permission(doctype, throw=True)
        if not sees_all(doctype, frappe.session.user):
            raise frappe.PermissionError
    if not meta.istable and not any(frappe.has_permission(doctype, each) for each in (right, "read")):
        frappe.has_permission(doctype, right, throw=True)
    doc = frappe.get_doc(doctype, name, for_update=for_update)
    doc.check_permission(right)
    return doc


@frappe.whitelist()
def get_value(doctype: str, fieldname: Any, filters: Any = None, as_dict: bool = True) -> Any:
    """Field values of the first row that matches; of a Single without filters."""
    fields = parsed(fieldname)
    fields = [fields] if isinstance(fields, str) else fields
    frappe.has_permission(doctype, throw=True)
    _check_request(doctype, fields)
    if frappe.get_meta(doctype).issingle:
        rows = [{field: frappe.db.get_single_value(doctype, field) for field in fields}]
    else:
        wanted = parsed(filters)
        wanted = {"name": wanted} if isinstance(wanted, str) else wanted or {}
        rows = get_list(doctype, fields, wanted, limit_page_length=1)
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
    values = parsed(fieldname)
    values = {values: value} if isinstance(values, str) else values
    if not isinstance(values, dict) or (len(values) == 1 and not values.keys().isdisjoint(_STANDARD_FIELDS)):
        frappe.throw(_("Cannot edit standard fields"))
    return update(doctype, name, values).as_dict()


def update(doctype: str, name: str, values: Any) -> Any:
    """Change a document, or one row with the document it belongs to, and save it."""
    values = {
        key: value for key, value in as_values(doctype, values).items() if key not in ("doctype", "flags")
    }
    changed = doc = permitted(doctype, name, "write", for_update=True)
    if values.get("name", changed.name) != changed.name:
        frappe.throw(_("The name of a document is not changed by saving it."))
    if changed.meta.istable:
        doc = frappe.get_doc(changed.parenttype, changed.parent, for_update=True)
        changed = next(row for row in doc.get(changed.parentfield) if row.name == name)
    changed.update(values)
    return doc.save()


@frappe.whitelist(methods=["POST", "PUT"])
def insert(doc: Any) -> Any:
    """A new document; a new row of a child table is added to its document, which is the answer."""
    row = document(doc)
    if not row.meta.istable:
        return row.insert().as_dict()
    if not (row.parent and row.parenttype and row.parentfield):
        frappe.throw(_("Rows of {0} belong to a document").format(frappe.bold(_(row.doctype))))
    parent = permitted(row.parenttype, row.parent, "write", for_update=True)
    if parent.meta.table_doctypes.get(row.parentfield) != row.doctype:
        frappe.throw(_("Rows of {0} belong to a document").format(frappe.bold(_(row.doctype))))
    parent.append(row.parentfield, {**row.as_dict(), "name": None, "idx": None})
    return parent.save().as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def save(doc: Any) -> Any:
    return _stored(doc, "write").save().as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def rename_doc(doctype: str, old_name: str, new_name: str) -> str:
    permitted(doctype, old_name, "write")
    return frappe.rename_doc(doctype, old_name, new_name)


@frappe.whitelist(methods=["POST", "PUT"])
def submit(doc: Any) -> Any:
    return _stored(doc, "submit").submit().as_dict()


@frappe.whitelist(methods=["POST", "PUT"])
def cancel(doctype: str, name: str) -> Any:
    return permitted(doctype, name, "cancel").cancel().as_dict()


@frappe.whitelist(methods=["DELETE", "POST"])
def delete(doctype: str, name: str) -> None:
    permitted(doctype, name, "delete")
    frappe.delete_doc(doctype, name, ignore_missing=False)


@frappe.whitelist()
def has_permission(doctype: str, docname: str, perm_type: str = "read") -> dict[str, bool]:
    """No for what does not exist, too."""
    exists = frappe.db.exists(doctype, docname)
    allowed = exists and frappe.has_permission(doctype, perm_type.lower(), docname)
    return {"has_permission": bool(allowed)}


# -- what is sent -------------------------------------------------------------------------------------------------


def parsed(value: Any) -> Any:
    """A list or object written as JSON is read; any other text stays."""
    if not (isinstance(value, str) and value.strip()[:1] in ("{", "[")):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        frappe.throw(_("The request holds JSON that cannot be read."))


def document(doc: Any) -> Any:
    """A document that a client sends, as JSON or as an object; ValidationError if it cannot be one."""
    values = parsed(doc)
    doctype = values.get("doctype") if isinstance(values, dict) else None
    if not isinstance(doctype, str):
        frappe.throw(_("A document is sent as an object with its doctype."))
    return frappe.get_doc(as_values(doctype, values))


def _stored(doc: Any, right: str) -> Any:
    """A document that a client sends to replace the stored one, on which the caller has the right."""
    sent = document(doc)
    if sent.name and not sent.is_new():
        permitted(sent.doctype, sent.name, right)
    return sent


def as_values(doctype: str, values: Any) -> dict[str, Any]:
    """What is sent as fields and values; ValidationError for anything that would stand for the workings of a document."""
    values = parsed(values)
    if not isinstance(values, dict):
        frappe.throw(_("A document is sent as an object of fields and values."))
    meta, controller = frappe.get_meta(doctype), get_controller(doctype)
    for key, value in values.items():
        df, child = meta.get_field(key), meta.table_doctypes.get(key)
        if not df and key not in _STANDARD_FIELDS and hasattr(controller, key):
            frappe.throw(frappe.messages.fill(_("{0} is no field of this document."), frappe.bold(key)))
        if child:
            if not isinstance(value, list | None):
                frappe.throw(frappe.messages.fill(_("The rows of {0} are sent as a list of objects."), key))
            for row in value or ():
                as_values(child, row)
        elif (df or key in _STANDARD_FIELDS) and not _is_plain(key, value, df):
            frappe.throw(frappe.messages.fill(_("This is no value for {0}."), frappe.bold(key)))
    return values


def _is_plain(key: str, value: Any, df: Any) -> bool:
    """Lists and objects are values of JSON fields only; the numbers that every document has are numbers."""
    if isinstance(value, list | dict):
        return bool(df) and df.fieldtype == "JSON"
    return key not in ("idx", "docstatus") or str(value or 0).isdecimal()


def _check_request(doctype: str, fields: Any = None) -> None:
    """Rows of a child table are read with their document only (PermissionError else); a plain name that is no field
    of the DocType is a DataError. What the user may not see is just left out."""
    meta = frappe.get_meta(doctype)
    if meta.istable:
        raise frappe.PermissionError
    for name in [fields] if isinstance(fields, str) else fields or []:
        if not isinstance(name, str):
            frappe.throw(_("Fields are named by text."), frappe.DataError)
        if name.isidentifier() and name not in _STANDARD_FIELDS and not meta.get_field(name):
            message = _("Field not permitted in query") + ": {0}"
            frappe.throw(frappe.messages.fill(message, name), frappe.DataError)
