"""A receipt for money received: numbered without gaps, voided, never deleted. It is not an invoice."""

import frappe
from cn_connect import mandatory
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import receipts


class Receipt(Document):
    def autoname(self) -> None:
        mandatory.require(self, "market", "year", "number")
        self.name = receipts.name_of(self.market, self.year, self.number)

    def on_trash(self) -> None:
        frappe.throw(_("A receipt is voided, never deleted."), frappe.PermissionError)

    def before_rename(self, *_args: object, **_kwargs: object) -> None:
        frappe.throw(_("A receipt keeps its number."), frappe.PermissionError)
