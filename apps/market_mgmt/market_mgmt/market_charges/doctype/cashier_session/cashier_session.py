"""A cashier's turn at the counter, from the opening float to the counted close. Written by `services.cashiers` only."""

import frappe
from frappe import _
from frappe.model.document import Document


class CashierSession(Document):
    def validate(self) -> None:
        before = self.get_doc_before_save()
        if before and before.status == "Closed":
            frappe.throw(_("A closed session is not changed."), frappe.PermissionError)
        self.open_key = f"{self.market}|{self.cashier}" if self.status == "Open" else None

    def on_trash(self) -> None:
        frappe.throw(_("A session is never deleted."), frappe.PermissionError)
