"""A unit price from a date on, of the market or of one stall."""

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import places, tariffs


class Tariff(Document):
    def validate(self) -> None:
        if self.stall:
            places.check_same_market(self, "stall")
        same = {field: self.get(field) for field in ("market", "fee_type", "effective_from")}
        same["stall"] = self.stall or ["is", "not set"]
        if frappe.db.exists("Tariff", {**same, "name": ["!=", self.name]}):
            frappe.throw(_("There is a tariff from this day already."), frappe.DuplicateEntryError)
        tariffs.check(self)
