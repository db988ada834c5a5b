from frappe.model.document import Document
from market_mgmt.services import places


class Stall(Document):
    """摊位: what is let; its QR code carries a revocable token."""

    def validate(self) -> None:
        places.check_stall(self)
