from frappe.model.document import Document
from market_mgmt.services import places


class MarketArea(Document):
    """片区: a part of a floor with somebody responsible."""

    def validate(self) -> None:
        places.check_same_market(self, "responsible")
