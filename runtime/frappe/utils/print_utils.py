"""Documents on paper: Jinja print formats as HTML and PDF (`frappe.get_print`)."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.utils.pdf import get_pdf


def get_print(
    doctype: str | None = None,
    name: str | None = None,
    print_format: str | None = None,
    style: str | None = None,
    as_pdf: bool = False,
    doc: Any = None,
    output: Any = None,
    no_letterhead: int = 0,
    password: str | None = None,
    pdf_options: dict[str, Any] | None = None,
    letterhead: str | None = None,
) -> Any:
    """A document in a print format: an HTML page, or a PDF. Needs permission to print it."""
    doc = doc or frappe.get_doc(doctype, name)
    validate_print_permission(doc)
    html = render_page(doc, print_format, style)
    if not as_pdf:
        return html
    options = dict(pdf_options or {})
    if password:
        options["password"] = password
    return get_pdf(html, options=options, output=output)


def validate_print_permission(doc: Any) -> None:
    if not (doc.has_permission("print") or doc.has_permission("read")):
        frappe.throw(_("No {0} permission").format("print"), frappe.PermissionError)


def render_page(doc: Any, print_format: str | None = None, style: str | None = None) -> str:
    """The print format's HTML inside a page with a Chinese typeface."""
    format_doc = get_print_format(doc.doctype, print_format)
    body = frappe.render_template(
        format_doc.html,
        {"doc": doc, "meta": doc.meta, "print_format": format_doc, "no_letterhead": 1, "letter_head": ""},
        is_path=False,
    )
    return frappe.render_template(
        "templates/print/page.html",
        {
            "body": body,
            "css": "\n".join(filter(None, (format_doc.css, style))),
            "title": doc.get_title() or doc.name,
        },
        is_path=True,
    )


def get_print_format(doctype: str, name: str | None) -> Any:
    """The named print format, the DocType's default, or the only one there is."""
    name = name or frappe.get_meta(doctype).default_print_format
    if not name or name == "Standard":
        name = frappe.db.get_value("Print Format", {"doc_type": doctype, "disabled": 0}, "name")
    if not name:
        frappe.throw(_("There is no print format for {0}").format(_(doctype)), frappe.DoesNotExistError)
    found = frappe.get_cached_doc("Print Format", name)
    if found.disabled:
        frappe.throw(_("Print Format {0} is disabled").format(name), frappe.DoesNotExistError)
    if found.doc_type != doctype:
        frappe.throw(_("Print Format {0} is not for {1}").format(name, _(doctype)))
    return found
