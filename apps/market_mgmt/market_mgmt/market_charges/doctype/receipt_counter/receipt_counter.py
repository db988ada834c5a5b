"""The last receipt number of a market and year; its row is locked while a receipt is issued."""

from frappe.model.document import Document


class ReceiptCounter(Document):
    pass
