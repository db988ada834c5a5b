"""Documents on paper: Jinja print formats as HTML and PDF (`frappe.get_print`)."""

from __future__ import annotations

from typing import Any

import frappe
import frappe.client
from frappe import _
from frappe.utils.pdf import get_pdf


def get_print(doctype: str, name: str, print_format: str | None = None, as_pdf: bool = False) -> Any:
    """A document in a print format: an HTML page, or a PDF. PermissionError unless the user may print or read it."""
    doc = frappe.client.permitted(
        doctype, name, "print" if frappe.has_permission(doctype, "print") else "read"
    )
    layout = _print_format(doctype, print_format)
    body = frappe.render_template(layout.html, {"doc": doc, "meta": doc.meta}, is_path=False)
    page = {"body": body, "css": layout.css or "", "title": doc.name}
    html = frappe.render_template("templates/print/page.html", page)
    return get_pdf(html) if as_pdf else html


def _print_format(doctype: str, name: str | None) -> Any:
    """The named print format, the DocType's default, or the only one there is."""
    name = name or frappe.get_meta(doctype).default_print_format
    if not name or name == "Standard":
        name = frappe.db.get_value("Print Format", {"doc_type": doctype, "disabled": 0}, "name")
    if not name:
        frappe.throw(
            frappe.messages.fill(_("There is no print format for {0}"), _(doctype)), frappe.DoesNotExistError
        )
    found = frappe.get_cached_doc("Print Format", name)
    if found.disabled or found.doc_type != doctype:
        frappe.throw(
            frappe.messages.fill(_("Print Format {0} is not for {1}"), name, _(doctype)),
            frappe.DoesNotExistError,
        )
    return found
