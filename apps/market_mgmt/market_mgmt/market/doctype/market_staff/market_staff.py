from frappe.model.document import Document
from market_mgmt.services import places


class MarketStaff(Document):
    """管理员: a member of the office; the user attached sees this market."""

    def validate(self) -> None:
        places.check_staff(self)

    def on_update(self) -> None:
        places.grant_market(self)

    def on_trash(self) -> None:
        places.withdraw_market(self)
