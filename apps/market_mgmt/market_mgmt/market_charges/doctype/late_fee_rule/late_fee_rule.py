"""From when, at what daily rate and up to which share late fees run; copied onto each bill when it is published."""

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import late_fee
from market_mgmt.services.rows import number


class LateFeeRule(Document):
    def validate(self) -> None:
        try:
            late_fee.check_rule(number(self.daily_rate), number(self.cap_share), self.start_after_days or 0)
        except ValueError:
            frappe.throw(
                _("The daily rate must lie between {0} and {1}, the cap above 0 and not above 1.").format(
                    late_fee.MIN_DAILY_RATE, late_fee.MAX_DAILY_RATE
                )
            )
