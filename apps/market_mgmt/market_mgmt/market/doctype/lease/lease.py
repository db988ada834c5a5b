from cn_connect import clock, mandatory
from frappe.model.document import Document
from market_mgmt.services import leases


class Lease(Document):
    """租约: a merchant holds a stall for a time."""

    def validate(self) -> None:
        mandatory.require(self, "merchant", "stall", "start_date", "end_date")
        leases.check(self)

    def on_update(self) -> None:
        leases.saved(self, clock.now())
