"""One sealed entry: its name is the entry's, with the SHA-256 of its row."""

import frappe
from frappe import _
from frappe.model.document import Document


class LedgerSealLine(Document):
    def before_insert(self) -> None:
        frappe.throw(_("A seal of the ledger is never changed or deleted."), frappe.PermissionError)

    def validate(self) -> None:
        frappe.throw(_("A seal of the ledger is never changed or deleted."), frappe.PermissionError)

    def on_trash(self) -> None:
        frappe.throw(_("A seal of the ledger is never changed or deleted."), frappe.PermissionError)
