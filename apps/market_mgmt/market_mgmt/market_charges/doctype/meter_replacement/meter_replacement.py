"""A dial taken out and another put in its place: the metering point stays, its consumption goes on. Never edited."""

import frappe
from cn_connect import clock
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import meter_changes, places


class MeterReplacement(Document):
    def validate(self) -> None:
        if not self.is_new():
            frappe.throw(_("A replacement is not edited; record another one."), frappe.PermissionError)
        places.check_same_market(self, "meter")
        meter_changes.replace(self, clock.today())

    def on_trash(self) -> None:
        frappe.throw(_("A replacement is never deleted."), frappe.PermissionError)
