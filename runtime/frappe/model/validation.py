"""What is checked of a document's values on saving: formats, options, lengths, mandatory fields, permission levels,
and what may still change after submission. Links are checked in `links`.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe.database.schema import NAME_TYPE, TYPES
from frappe.model import display_fieldtypes, float_like_fields, table_fields
from frappe.utils import cast_fieldtype, cint, cstr, flt, sanitize_html, strip_html, validate_email_address

NOT_SANITIZED = frozenset({"Attach", "Attach Image", "Code", "Password", "JSON", "HTML Editor"})
INT_MAX = 2**31 - 1


def row_prefix(doc: Any) -> str:
    """Which row of a table a message is about; nothing for a document."""
    return "{} #{}: ".format(frappe._("Row"), doc.idx) if doc.get("parentfield") else ""


def _label(doc: Any, df: Any) -> str:
    return frappe._(df.label or df.fieldname, context=doc.doctype)


# -- values --------------------------------------------------------------------------------------------------------


def validate_values(doc: Any) -> None:
    """Check the values of one document or row; markup that could run script is taken out."""
    autoname = doc.meta.autoname or ""
    if autoname.startswith("field:") and doc.get(autoname[6:]):
        doc.set(autoname[6:], doc.name)  # the field that gives the name stays equal to it
    _validate_length(doc, frappe._dict(label="Name", fieldtype="Data"), doc.name)
    for df in doc.meta.stored_fields:
        value = doc.get(df.fieldname)
        if value is None or value == "":
            continue
        if df.options == "Email" and df.fieldtype == "Data" and doc.name not in frappe.STANDARD_USERS:
            validate_email_address(value, throw=True)
        elif df.fieldtype == "Select" and not frappe.flags.in_import:
            _validate_option(doc, df, value)
        if df.non_negative and flt(value) < 0:
            message = frappe._("Value cannot be negative for {0}").format(frappe.bold(_label(doc, df)))
            frappe.throw(row_prefix(doc) + message, frappe.NonNegativeError)
        if not doc.meta.issingle:
            _validate_length(doc, df, value)
        if isinstance(value, str) and ("<" in value or ">" in value):
            _sanitize(doc, df, value)


def _validate_option(doc: Any, df: Any, value: Any) -> None:
    options = (df.options or "").split("\n")
    if df.fieldname == "naming_series" or not any(options):
        return
    value = cstr(value).strip()
    doc.set(df.fieldname, value)
    if value not in options:
        allowed = '", "'.join(frappe._(option) for option in options if option)
        message = frappe._('{0} {1} cannot be "{2}". It should be one of "{3}"')
        frappe.throw(frappe.messages.fill(message, row_prefix(doc), _label(doc, df), value, allowed).strip())


def _validate_length(doc: Any, df: Any, value: Any) -> None:
    """What a column cannot hold is refused, never cut."""
    if TYPES.get(df.fieldtype) == NAME_TYPE:
        limit = cint(df.length) or 140
        too_long = len(cstr(value)) > limit
    else:
        limit = 11
        too_long = df.fieldtype in ("Int", "Check") and cint(df.length) <= 11 and abs(cint(value)) > INT_MAX
    if too_long:
        message = frappe._("{0}: '{1}' ({3}) will get truncated, as max characters allowed is {2}")
        where = row_prefix(doc) + frappe._(doc.doctype)
        text = frappe.messages.fill(message, where, frappe.bold(_label(doc, df)), limit, value)
        frappe.throw(text, frappe.CharacterLengthExceededError, frappe._("Value too big"))


def _sanitize(doc: Any, df: Any, value: str) -> None:
    if df.ignore_xss_filter or df.fieldtype in NOT_SANITIZED or frappe.flags.in_install:
        return
    if doc.docstatus.is_draft() or (doc.docstatus.is_submitted() and df.allow_on_submit):
        doc.set(df.fieldname, sanitize_html(value))


# -- mandatory -----------------------------------------------------------------------------------------------------


def validate_mandatory(doc: Any) -> None:
    """MandatoryError that names all empty fields of the document and its rows."""
    missing = [
        (each, df)
        for each in (doc, *doc.get_all_children())
        for df in each.meta.required_fields
        if _is_empty(df, each.get(df.fieldname))
    ]
    for each, df in missing:
        message = frappe._("Error: Value missing for {0}: {1}")
        frappe.msgprint(message.format(frappe._(each.doctype), row_prefix(each) + _label(each, df)))
    if missing:
        fieldnames = ", ".join(df.fieldname for _each, df in missing)
        raise frappe.MandatoryError(f"[{doc.doctype}, {doc.name}]: {fieldnames}")


def _is_empty(df: Any, value: Any) -> bool:
    """Markup alone is nothing, but for a picture in a rich text."""
    if not isinstance(value, str):
        return value in (None, [])
    holds_picture = "<img" in value and (
        df.fieldtype == "Text Editor" or (df.fieldtype == "Code" and df.options == "HTML")
    )
    return not holds_picture and not strip_html(value).strip()


# -- changes -------------------------------------------------------------------------------------------------------


def comparable(fieldtype: str, value: Any) -> Any:
    """Dates and times as values, whether they are given as text or not."""
    if fieldtype in ("Date", "Datetime", "Time"):
        return cast_fieldtype(fieldtype, value) if value else None
    return value


def differs(df: Any, before: Any, after: Any) -> bool:
    """Would the database hold something else? None, empty text and 0 are the same nothing."""
    before, after = comparable(df.fieldtype, before), comparable(df.fieldtype, after)
    if df.fieldtype in float_like_fields:
        return flt(before, 9) != flt(after, 9)
    return bool(before or after) and cstr(before) != cstr(after)


ORIGIN = {"owner": "Created By", "creation": "Created On"}


def keep_origin(doc: Any) -> None:
    """Whose a document is, and since when, is settled when it is inserted; its rows keep theirs, whatever was sent.

    Raises CannotChangeConstantError when a save of the document says otherwise.
    """
    before = doc.get_doc_before_save()
    for fieldname, label in ORIGIN.items() if before else ():
        stored, given = before.get(fieldname), doc.get(fieldname)
        if not (stored and given):
            doc.set(
                fieldname, stored or given or doc.get("modified_by" if fieldname == "owner" else "modified")
            )
        elif str(given) != str(stored) and _moment(given) != _moment(stored):
            message = frappe._("Value cannot be changed for {0}").format(frappe.bold(frappe._(label)))
            frappe.throw(message, frappe.CannotChangeConstantError)
    rows = {(row.doctype, row.name): row for row in before.get_all_children()} if before else {}
    for row in doc.get_all_children():
        source = rows.get((row.doctype, row.name), doc)
        row.__dict__.update({fieldname: source.get(fieldname) for fieldname in ORIGIN})


def _moment(value: Any) -> Any:
    try:
        return frappe.utils.get_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return value


def validate_set_only_once(doc: Any) -> None:
    before = doc.get_doc_before_save()
    for df in doc.meta.set_only_once_fields if before else ():
        stored = before.get(df.fieldname)
        if stored and differs(df, stored, doc.get(df.fieldname)):
            message = frappe._("Value cannot be changed for {0}").format(frappe.bold(_label(doc, df)))
            frappe.throw(message, frappe.CannotChangeConstantError)


def validate_update_after_submit(doc: Any) -> None:
    """A submitted document changes only in fields that allow it; tables keep their rows."""
    for each in (doc, *doc.get_all_children()):
        stored_doc = _stored_state(each)
        for df in each.meta.fields if stored_doc else ():
            if df.allow_on_submit or df.fieldtype in display_fieldtypes:
                continue
            stored, value = stored_doc.get(df.fieldname), each.get(df.fieldname)
            if df.fieldtype in table_fields:
                stored, value = len(stored or ()), len(value or ())
            if differs(df, stored, value):
                message = frappe._("Not allowed to change {0} after submission from {1} to {2}").format(
                    frappe.bold(_label(each, df)), frappe.bold(stored), frappe.bold(value)
                )
                frappe.throw(row_prefix(each) + message, frappe.UpdateAfterSubmitError)


def _stored_state(doc: Any) -> Any:
    """This document or row as it was before this save; None for a new one."""
    parent = doc.parent_doc
    if not parent:
        return doc.get_doc_before_save()
    before = parent.get_doc_before_save()
    rows = before.get(doc.parentfield) if before else ()
    return next((row for row in rows if row.name == doc.name), None)


# -- permission levels -----------------------------------------------------------------------------------------------


def fields_beyond(doc: Any, row: Any, permission_type: str) -> list[Any]:
    """Fields of the document or of its row at permission levels that the user does not have."""
    if not row.meta.high_permlevel_fields or frappe.session.user == "Administrator":
        return []
    levels = doc.meta.get_permlevel_access(permission_type)
    return [
        df
        for df in row.meta.high_permlevel_fields
        if df.permlevel not in levels and df.fieldtype not in display_fieldtypes
    ]


def undo_forbidden_changes(doc: Any) -> None:
    """What the user may not write goes back to the stored value, or to the default of a new document."""
    if doc.flags.ignore_permissions or frappe.flags.in_install:
        return
    for each in (doc, *doc.get_all_children()):
        forbidden = fields_beyond(doc, each, "write")
        if forbidden:
            reference = _stored_state(each) or frappe.new_doc(each.doctype)
            each.update({df.fieldname: reference.get(df.fieldname) for df in forbidden})
