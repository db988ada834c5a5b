import frappe
from cn_connect import clock
from frappe.model.document import Document
from market_mgmt.services import places


class Merchant(Document):
    """商户: who leases stalls; phone and ID number are encrypted."""

    def validate(self) -> None:
        places.check_merchant(self)
        places.note_phone_change(self, frappe.session.user, clock.now())
