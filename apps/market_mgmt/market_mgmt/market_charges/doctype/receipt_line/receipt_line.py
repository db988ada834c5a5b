"""What a payment paid of one fee, or what was prepaid."""

from frappe.model.document import Document


class ReceiptLine(Document):
    pass
