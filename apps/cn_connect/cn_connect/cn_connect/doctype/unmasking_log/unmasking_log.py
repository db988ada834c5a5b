"""Who saw which masked value in full, when and why. Written by `cn_connect.crypto.fields.reveal`, never changed."""

import frappe
from frappe import _
from frappe.model.document import Document


class UnmaskingLog(Document):
    def validate(self) -> None:
        if not self.is_new():
            frappe.throw(_("An Unmasking Log cannot be changed."))

    def on_trash(self) -> None:
        frappe.throw(_("An Unmasking Log cannot be deleted."))
