"""Print formats over HTTP: `/api/method/frappe.utils.print_format.download_pdf`."""

from __future__ import annotations

import frappe


@frappe.whitelist(allow_guest=True)
def download_pdf(doctype: str, name: str, format: str | None = None) -> None:
    """The document's PDF, for display in the browser."""
    filename = f"{name.replace(' ', '-').replace('/', '-')}.pdf"
    content = frappe.get_print(doctype, name, format, as_pdf=True)
    frappe.local.response.update(filename=filename, filecontent=content, type="pdf")
