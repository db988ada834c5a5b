"""What holds for every document of this app, whoever saves it and by whichever door (hooks `doc_events`).

- The market of a document is set once, and everything that it links to is of that market.
- What the system fills in (read-only fields: who asked, who decided, when, the status) never comes from a client.
- Values are there, of the type of their field, and of a size that can be meant.
- Permission is asked once more for what results, when the controller has filled in the market.
- Rows of a table are saved with their document only.

A client is whoever saves with permissions: a service that writes on somebody's behalf says `ignore_permissions`.
"""

from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.model import display_fieldtypes, table_fields
from frappe.model.document import Document
from frappe.utils import cstr, flt, get_datetime, getdate
from market_mgmt import document_values, permissions

_NUMBERS = frozenset({"Check", "Currency", "Float", "Int", "Percent"})


def before_insert(doc: Document, _event: str | None = None) -> None:
    _check_clients_values(doc, None)


def before_validate(doc: Document, _event: str | None = None) -> None:
    if not doc.is_new():
        _check_clients_values(doc, doc.get_doc_before_save())


def validate(doc: Document, _event: str | None = None) -> None:
    """After the controller, which may have filled in the market. Raises ValidationError, PermissionError."""
    before = None if doc.is_new() else doc.get_doc_before_save()
    if doc.doctype != "Market":
        _check_market(doc, before)
    if _by_a_client(doc):
        right = "create" if doc.is_new() else "write"
        if not permissions.has_permission(doc, right, frappe.session.user):
            frappe.throw(_("This belongs to a market that you may not change."), frappe.PermissionError)


def row_alone(doc: Document, _event: str | None = None) -> None:
    """Raises PermissionError for a row that somebody inserts, changes or deletes without its document."""
    if _by_a_client(doc):
        frappe.throw(_("Rows are saved with their document only."), frappe.PermissionError)


def _by_a_client(doc: Document) -> bool:
    if doc.flags.ignore_permissions:
        return False
    # Administrator's scripts and the console are the system itself; Administrator's requests are not.
    return frappe.session.user != "Administrator" or getattr(frappe.local, "request", None) is not None


def _check_market(doc: Document, before: Document | None) -> None:
    if before and before.get("market") != doc.get("market"):
        frappe.throw(_("The market of a document is set once."), frappe.CannotChangeConstantError)
    for link in permissions.linked(doc, before):
        if link.market != doc.get("market"):
            frappe.throw(_("{0} {1} belongs to another market.").format(_(link.label), link.name))


def _check_clients_values(doc: Document, before: Document | None) -> None:
    """Raises PermissionError when a client says what the system fills in, ValidationError for values that cannot be."""
    if not _by_a_client(doc):
        return
    for field in _system_fields(doc, is_new=before is None):
        given = doc.get(field.fieldname)
        if before is None:
            same = _is_empty(given) or _same(field, given, field.default)
        else:
            same = _same(field, given, before.get(field.fieldname))
        if not same:
            frappe.throw(_("{0} is filled in by the system.").format(_(field.label)), frappe.PermissionError)
    document_values.check(doc)


def _system_fields(doc: Document, is_new: bool) -> Iterator[Any]:
    # The steps of a workflow are checked by the workflow itself, which writes this field; it begins at the beginning.
    workflow = {"document_type": doc.doctype, "is_active": 1}
    stepped = None if is_new else frappe.db.get_value("Workflow", workflow, "workflow_state_field")
    for field in doc.meta.fields:
        if not field.read_only or field.fieldname == stepped or field.fieldtype in display_fieldtypes:
            continue
        # A new document may say which market it believes to be in: that is compared with what results.
        if not (is_new and field.fieldname == "market"):
            yield field


def _is_empty(value: Any) -> bool:
    return value in (None, "", 0, "0", []) or cstr(value).strip() == ""


def _same(field: Any, one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same, as text from a client and as read from the database."""
    if field.fieldtype in table_fields:
        return _rows(one) == _rows(other)
    if _is_empty(one) or _is_empty(other):
        return _is_empty(one) and _is_empty(other)
    try:
        if field.fieldtype in _NUMBERS:
            return flt(one) == flt(other)
        if field.fieldtype == "Date":
            return getdate(one) == getdate(other)
        if field.fieldtype == "Datetime":
            return get_datetime(one) == get_datetime(other)
    except (ValueError, TypeError, OverflowError, frappe.ValidationError):
        return False
    return cstr(one) == cstr(other)


def _rows(rows: Any) -> list[list[str]]:
    """What the rows of a table say, without their names and times."""
    return [[cstr(row.get(field.fieldname)) for field in row.meta.fields] for row in rows or ()]
