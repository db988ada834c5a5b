"""Links: where they lead on saving, what they fetch, and which fields point to a DocType."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import frappe
from frappe.model.validation import row_prefix
from frappe.types import _dict
from frappe.utils import cint, cstr

# What belongs to a document and names it in plain text: the fields of its DocType and name.
BELONGINGS = {
    "File": ("attached_to_doctype", "attached_to_name"),
    "Version": ("ref_doctype", "docname"),
    "Comment": ("reference_doctype", "reference_name"),
    "User Permission": ("allow", "for_value"),
}


def validate_links(doc: Any) -> None:
    """Links of the document and its rows must lead somewhere, those of submittable ones not to what is cancelled.

    On the way names get the spelling of the database, and `fetch_from` fields their values.
    """
    invalid: list[str] = []
    cancelled: list[str] = []
    known: dict[tuple, _dict] = {}
    for each in (doc, *doc.get_all_children()):
        for df in each.meta.fields_of_type("Link", "Dynamic Link"):
            name = each.get(df.fieldname)
            if not name:
                continue
            if not _may_be_name(name):
                invalid.append(_shown(each, df, ascii(name)))
                continue
            target = df.options if df.fieldtype == "Link" else each.get(df.options)
            status = _follow(each, df, frappe.get_meta(target), known) if target else None
            if status is None:
                invalid.append(_shown(each, df, name))
            elif status == 2 and doc.meta.is_submittable and df.fieldname != "amended_from":
                cancelled.append(_shown(each, df, name))
    if invalid:
        frappe.throw(
            frappe.messages.fill(frappe._("Could not find {0}"), ", ".join(invalid)),
            frappe.LinkValidationError,
        )
    if cancelled:
        message = frappe.messages.fill(frappe._("Cannot link cancelled document: {0}"), ", ".join(cancelled))
        frappe.throw(message, frappe.CancelledLinkError)


def _may_be_name(name: Any) -> bool:
    """An object would be taken for a filter and find something else; half a character reaches no database."""
    halves = ("\ud800" <= character <= "\udfff" for character in cstr(name))
    return not isinstance(name, dict | list) and not any(halves)


def _shown(doc: Any, df: Any, name: Any) -> str:
    return f"{row_prefix(doc)}{frappe._(df.label or df.fieldname, context=doc.doctype)}: {name}"


def _follow(doc: Any, df: Any, target: Any, known: dict[tuple, _dict]) -> int | None:
    """Status of the linked document, None when it is not there; what the link fetches is filled in."""
    fetched = [
        field
        for field in doc.meta.fetched_fields.get(df.fieldname, ())
        if not (field.fetch_if_empty and doc.get(field.fieldname))
        and (field.allow_on_submit or doc.is_new() or not doc.docstatus.is_submitted())
    ]
    sources = [field.fetch_from.split(".")[-1] for field in fetched]
    columns = tuple(dict.fromkeys(["name", *(["docstatus"] if target.is_submittable else []), *sources]))
    name = doc.get(df.fieldname)
    key = (target.name, cstr(name), columns)
    if target.issingle:
        known[key] = _dict(name=target.name)
    elif key not in known:
        known[key] = frappe.db.get_value(target.name, cstr(name), list(columns), as_dict=True) or _dict()
    values = known[key]
    if not values:
        return 0 if fetched else None  # as in stock Frappe: a link that fetches is not checked
    doc.set(df.fieldname, values.name)
    for field, source in zip(fetched, sources, strict=True):
        doc.set(field.fieldname, values.get(source))
    return cint(values.docstatus)


def pointing_fields(doctype: str, name: Any) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Every field that may point to the document, with the Meta of its DocType and filters for the rows that do.
    Of Singles only those that do.
    """
    front = frappe.cache.front("links")
    if "fields" not in front:
        front["fields"] = frappe.db.sql(
            "select parent, fieldname, options, fieldtype from `tabDocField` where fieldtype like '%Link'"
            " union all"
            " select dt, fieldname, options, fieldtype from `tabCustom Field` where fieldtype like '%Link'",
            as_dict=True,
        )
    for field in front["fields"]:
        if field.fieldtype == "Dynamic Link":
            filters = {field.fieldname: name, field.options: doctype}
        elif field.options == doctype:
            filters = {field.fieldname: name}
        else:
            continue
        meta = frappe.get_meta(field.parent)
        if meta.issingle:
            values = frappe.db.get_singles_dict(field.parent)
            if any(values.get(key) != cstr(value) for key, value in filters.items()):
                continue
        yield meta, field.fieldname, filters
