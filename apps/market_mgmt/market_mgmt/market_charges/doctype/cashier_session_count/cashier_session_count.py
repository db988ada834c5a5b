"""What a cashier should have and has of one channel when a session is closed."""

from frappe.model.document import Document


class CashierSessionCount(Document):
    pass
