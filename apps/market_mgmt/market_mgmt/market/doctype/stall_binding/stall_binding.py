from cn_connect import mandatory
from frappe.model.document import Document
from market_mgmt.services import bindings


class StallBinding(Document):
    """摊位绑定: a WeChat account acts for a merchant's lease."""

    def validate(self) -> None:
        mandatory.require(self, "user", "merchant", "lease", "stall")
        bindings.check(self)
