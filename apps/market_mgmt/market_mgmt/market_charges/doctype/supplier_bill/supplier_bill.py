"""What the market pays for electricity or water of a month; confirmed, it sets the price at which it is sold on."""

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import supplier_bills


class SupplierBill(Document):
    def validate(self) -> None:
        supplier_bills.check(self, frappe.session.user)

    def on_update(self) -> None:
        supplier_bills.saved(self)

    def on_trash(self) -> None:
        if self.status == "Confirmed":
            frappe.throw(_("A confirmed bill stays; prices and fees build on it."), frappe.PermissionError)
