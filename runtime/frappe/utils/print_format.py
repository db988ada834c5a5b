"""Print formats over HTTP: `/api/method/frappe.utils.print_format.download_pdf`."""

from __future__ import annotations

import frappe
from frappe.utils.print_utils import get_print, validate_print_permission


@frappe.whitelist(allow_guest=True)
def download_pdf(
    doctype: str,
    name: str,
    format: str | None = None,
    doc: str | None = None,
    no_letterhead: int = 0,
    language: str | None = None,
    letterhead: str | None = None,
) -> None:
    """The document's PDF, for display in the browser."""
    document = frappe.get_doc(doctype, name)
    validate_print_permission(document)
    frappe.local.response.filename = "{}.pdf".format(name.replace(" ", "-").replace("/", "-"))
    frappe.local.response.filecontent = get_print(doctype, name, format, doc=document, as_pdf=True)
    frappe.local.response.type = "pdf"
