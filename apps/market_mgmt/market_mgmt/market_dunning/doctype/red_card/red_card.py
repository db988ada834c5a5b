from frappe.model.document import Document
from market_mgmt.services import red_cards


class RedCard(Document):
    """红牌: a stall that has not paid for a week, after review by a supervisor."""

    def validate(self) -> None:
        red_cards.check(self)
