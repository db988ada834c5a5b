from frappe.model.document import Document
from market_mgmt.services import privacy


class PrivacyConsent(Document):
    """隐私同意: an account agreed to a version of the privacy text."""

    def validate(self) -> None:
        privacy.check(self)
