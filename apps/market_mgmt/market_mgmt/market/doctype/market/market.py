from frappe.model.document import Document
from market_mgmt.services import places


class Market(Document):
    """市场: a place with stalls, its receipts and its payee."""

    def validate(self) -> None:
        places.check_market(self)

    def after_insert(self) -> None:
        places.seed_market(self)
