"""Rights on DocTypes and documents, asked before anything is done and again of what a write makes of a document."""

import inspect
from collections.abc import Iterator
from typing import Any, NoReturn

import frappe
from cn_connect.access.calls import Target, parsed
from frappe import _
from frappe.model import child_table_fields, default_fields
from frappe.model.base_document import get_controller
from frappe.model.document import Document
from frappe.utils import escape_html

_STANDARD = frozenset((*default_fields, *child_table_fields))

# Stock Frappe names documents by these before it looks whether they are there.
_NAMED_BY = {"User": "email"}


def refuse() -> NoReturn:
    """The same words, and no others, for everything that one may not do, or that is not there."""
    frappe.clear_messages()
    frappe.throw(_("You are not allowed to do this."), frappe.PermissionError)


def require(target: Target, strict: bool = True) -> None:
    """PermissionError unless the session's user has the right on the DocType, and on the document if one is named.

    A document that does not exist is refused as a hidden one is, unless the user sees all documents of the DocType: then
    whoever looks for it says so. Not `strict`: the caller asks for the rights on DocTypes itself.
    """
    if target.name is not None and not isinstance(target.name, str | int):
        frappe.throw(_("A document is named by text."))
    if not is_doctype(target.doctype):
        if strict and frappe.session.user != "Administrator":
            refuse()
        return
    if frappe.session.user == "Administrator":
        return
    meta = frappe.get_meta(target.doctype)
    if meta.istable:
        if strict or target.name is not None:
            _require_row(target)
        return
    if strict and not any(frappe.has_permission(target.doctype, right) for right in _any_of(target.right)):
        refuse()
    if target.name is None or target.right == "create":
        return
    if meta.issingle:
        if target.name != target.doctype or not frappe.has_permission(target.doctype, target.right):
            refuse()
    elif not frappe.db.exists(target.doctype, target.name):
        if not sees_all(target.doctype):
            refuse()
    elif not _has_right(frappe.get_doc(target.doctype, target.name), target.right):
        refuse()


def _has_right(doc: Document, right: str) -> bool:
    # who may choose it in a link knows that it is there
    return doc.has_permission(right) or (right == "read" and doc.has_permission("select"))


def is_doctype(name: str) -> bool:
    """Whether a DocType is called exactly so. The database finds other spellings, too, by which no hook knows it."""
    return frappe.db.exists("DocType", name) == name


def _any_of(right: str) -> tuple[str, ...]:
    # Who may do it with own documents only has, of the DocType as such, the right to read it.
    return ("create",) if right == "create" else (right, "read", "select")


def _require_row(target: Target) -> None:
    """Rows have the rights of the document they belong to."""
    sent = target.values if isinstance(target.values, dict) else {}
    if target.name is None and sent.get("parenttype") and sent.get("parent"):
        require(Target(sent["parenttype"], sent["parent"], "write"))
        return
    if target.name is None:
        if not frappe.has_permission(target.doctype, target.right, parent_doctype=target.parent):
            refuse()
        return
    row = frappe.db.get_value(target.doctype, target.name, ["parenttype", "parent"], as_dict=True)
    if not row or not row.parenttype:
        refuse()
    right = "write" if target.right in ("create", "delete") else target.right
    require(Target(row.parenttype, row.parent, right))


def sees_all(doctype: str) -> bool:
    """Whether no rule hides single documents of the DocType from the user."""
    from frappe.model.db_query import DatabaseQuery

    if frappe.session.user == "Administrator":
        return True
    hooks, conditions = frappe.get_hooks("has_permission"), frappe.get_hooks("permission_query_conditions")
    if doctype in hooks and doctype not in conditions:
        return False  # single documents may be hidden without any rule for lists
    if not frappe.has_permission(doctype, "read"):
        return False
    return not DatabaseQuery(doctype).build_match_conditions()


# -- what is sent ----------------------------------------------------------------------------------------------------


def check_values(target: Target) -> None:
    """ValidationError unless the values can be those of a document: fields, and nothing that stands for its workings.

    Which state a document is in (`docstatus`) and what it is called is not told by values; there are methods for it.
    """
    values = target.values
    if values is None or not is_doctype(target.doctype):
        return
    if not isinstance(values, dict):
        frappe.throw(_("A document is sent as an object of fields and values."))
    _check_keys(target.doctype, values)
    needed = _NAMED_BY.get(target.doctype)
    if target.right == "create" and needed and not isinstance(values.get(needed), str):
        label = _(frappe.get_meta(target.doctype).get_label(needed))
        frappe.throw(_("Please fill in: {0}").format(label), frappe.MandatoryError)
    if target.name is not None and values.get("name") not in (None, "", target.name):
        frappe.throw(_("The name of a document is not changed by saving it."))
    if target.right in ("create", "write") and values.get("docstatus") not in (None, ""):
        _check_docstatus(target)


def check_sent(form: dict[str, Any]) -> None:
    """ValidationError unless a document that is sent as such says of which DocType it is."""
    for key in ("doc", "docs"):
        sent = parsed(form.get(key))
        for one in sent if key == "docs" and isinstance(sent, list) else [sent] if key in form else ():
            if not isinstance(one, dict) or not isinstance(one.get("doctype"), str) or not one["doctype"]:
                frappe.throw(_("A document is sent as an object of fields and values."))


def check_document_method(form: dict[str, Any]) -> None:
    """ValidationError unless the controller has such a method: Frappe looks up any attribute, and then fails."""
    doctype, method = form.get("dt") or form.get("doctype"), form.get("method")
    if not isinstance(doctype, str) or not is_doctype(doctype):
        return
    if not isinstance(method, str) or not inspect.isfunction(getattr(get_controller(doctype), method, None)):
        frappe.throw(_("The document has no method {0}.").format(frappe.bold(escape_html(str(method)[:80]))))


def check_links(target: Target) -> None:
    """PermissionError for links to documents that are hidden from the user, or are not there: an error that tells one
    from the other would tell which there are. Where the user sees all, or none, of the linked DocType it tells nothing
    about single ones, and Frappe's own check says what is wrong.
    """
    if not isinstance(target.values, dict) or frappe.session.user == "Administrator":
        return
    if not is_doctype(target.doctype):
        return
    for doctype, values in _with_rows(target.doctype, target.values):
        for df in frappe.get_meta(doctype).fields:
            if df.fieldtype not in ("Link", "Dynamic Link"):
                continue
            name = values.get(df.fieldname)
            linked = df.options if df.fieldtype == "Link" else values.get(df.options)
            if name and isinstance(name, str) and isinstance(linked, str) and _hides_some(linked):
                require(Target(linked, name, "read"))


def _with_rows(doctype: str, values: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield doctype, values
    for df in frappe.get_meta(doctype).get_table_fields():
        for row in values.get(df.fieldname) or ():
            yield df.options, row


def _hides_some(doctype: str) -> bool:
    may_see = is_doctype(doctype) and any(
        frappe.has_permission(doctype, right) for right in ("read", "select")
    )
    return may_see and not frappe.get_meta(doctype).issingle and not sees_all(doctype)


def _check_docstatus(target: Target) -> None:
    stored = 0
    if target.name is not None and target.right != "create" and not frappe.get_meta(target.doctype).issingle:
        stored = frappe.db.get_value(target.doctype, target.name, "docstatus") or 0
    if str(target.values["docstatus"]) != str(int(stored)):
        frappe.throw(_("Documents are submitted and cancelled by their own methods."))


def _check_keys(doctype: str, values: dict[str, Any]) -> None:
    meta, controller = frappe.get_meta(doctype), get_controller(doctype)
    for key, value in values.items():
        df = meta.get_field(key)
        if df is None and key not in _STANDARD:
            if hasattr(controller, key):
                frappe.throw(_("{0} is no field of this document.").format(frappe.bold(key)))
        elif df and df.fieldtype in ("Table", "Table MultiSelect"):
            _check_rows(df, value or [])
        elif not _is_plain(key, value, df):
            frappe.throw(_("This is no value for {0}.").format(frappe.bold(key)))


def _is_plain(key: str, value: Any, df: Any) -> bool:
    """Lists and objects are values of JSON fields only; the numbers that every document has are numbers."""
    if isinstance(value, list | dict):
        return bool(df) and df.fieldtype == "JSON"
    if isinstance(value, str) and not _is_text(value):
        return False
    return key not in ("idx", "docstatus") or str(value or 0).isdecimal()


def _is_text(value: str) -> bool:
    """Halves of characters are no text that could be stored."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_rows(df: Any, rows: Any) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        frappe.throw(
            _("The rows of {0} are sent as a list of objects.").format(frappe.bold(_(df.label or "")))
        )
    for row in rows:
        _check_keys(df.options, row)


# -- what becomes of it ----------------------------------------------------------------------------------------------

_RIGHT_OF_EVENT = {"before_submit": "submit", "before_cancel": "cancel"}


def check_written(doc: Document, event: str) -> None:
    """Hook of all DocTypes, after the controller has filled in what it fills in: what is stored must have allowed the
    change, and so must what will be stored. Only of what a client writes by a generic way.
    """
    if not frappe.flags.generic_way or doc.flags.ignore_permissions or frappe.session.user == "Administrator":
        return
    right = _RIGHT_OF_EVENT.get(event, "create" if doc.is_new() else "write")
    before = doc.get_doc_before_save()
    if not doc.has_permission(right) or (before and not before.has_permission(right)):
        refuse()
    _refuse_foreign_rows(doc, before)
    if doc.doctype != "File":
        frappe.flags.being_written = (doc.doctype, str(doc.name))  # the files in its texts may hang on it


def _refuse_foreign_rows(doc: Document, before: Any) -> None:
    """A row that is named belongs to this very document: saving must not take it from another one."""
    own = {(row.doctype, row.name) for row in before.get_all_children()} if before else set()
    for row in doc.get_all_children():
        key = (row.doctype, row.name)
        if row.name and key not in own and frappe.db.exists(*key):
            refuse()
