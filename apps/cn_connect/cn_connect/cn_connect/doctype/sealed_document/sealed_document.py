"""What was issued under a verification code: receipts, reports. Written by `cn_connect.sealed` only."""

import frappe
from frappe import _
from frappe.model.document import Document


class SealedDocument(Document):
    """The record behind the QR code of a document on paper."""

    def validate(self) -> None:
        """Once issued, only `void` may change, and only from no to yes."""
        before = self.get_doc_before_save()
        if not before:
            return
        frozen = ("code", "kind", "reference", "title", "issued_at", "content_hash")
        changed = any(str(before.get(field)) != str(self.get(field)) for field in frozen)
        if changed or (before.void and not self.void):
            frappe.throw(_("A sealed document cannot be changed; it can only be made void."))

    def on_trash(self) -> None:
        """A code on paper must stay answerable."""
        frappe.throw(_("A sealed document cannot be deleted; it can only be made void."))
