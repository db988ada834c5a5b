"""One consent to one subscribe message; `cn_connect.consents` grants, takes and returns it."""

from frappe.model.document import Document


class WeChatConsent(Document):
    pass
