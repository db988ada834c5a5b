"""A water or electricity meter at a stall."""

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import places


class Meter(Document):
    def validate(self) -> None:
        places.check_same_market(self, "stall")
        if frappe.get_cached_value("Fee Type", self.fee_type, "kind") != "Metered":
            frappe.throw(_("{0} is not charged by meter.").format(_(self.fee_type)))
        if not 1 <= (self.digits or 0) <= 9:
            frappe.throw(_("A meter has 1 to 9 digits."))
        if (self.multiplier or 0) <= 0:
            frappe.throw(_("The multiplier must be more than zero."))
        if not 0 <= (self.initial_reading or 0) < 10**self.digits:
            frappe.throw(
                _("Meter {0} has {1} digits and cannot show {2}.").format(
                    self.meter_no, self.digits, self.initial_reading
                )
            )
