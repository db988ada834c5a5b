"""A merchant asks for an invoice of a receipt; finance enters the number that the tax authority's system gave it."""

import frappe
from frappe import _
from frappe.model.document import Document


class InvoiceRequest(Document):
    def on_trash(self) -> None:
        frappe.throw(_("An invoice request is rejected, never deleted."), frappe.PermissionError)
