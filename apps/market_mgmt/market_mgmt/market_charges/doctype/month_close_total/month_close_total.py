"""What a closed month moved on one account."""

from frappe.model.document import Document


class MonthCloseTotal(Document):
    pass
