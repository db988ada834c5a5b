"""A water or electricity meter at a stall."""

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import places, readings
from market_mgmt.services.meter_changes import check_dial
from market_mgmt.services.rows import number


class Meter(Document):
    def validate(self) -> None:
        places.check_same_market(self, "stall")
        if frappe.get_cached_value("Fee Type", self.fee_type, "kind") != "Metered":
            frappe.throw(_("{0} is not charged by meter.").format(_(self.fee_type)))
        moved = any(self.has_value_changed(field) for field in ("stall", "fee_type", "register"))
        if self.get_doc_before_save() and moved:
            readings.require_none(self.name, self.meter_no)
        check_dial(self.meter_no, self.digits, number(self.multiplier), number(self.initial_reading))
