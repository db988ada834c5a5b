"""A fee chosen for payment, at the price of that moment."""

from frappe.model.document import Document


class PaymentOrderFee(Document):
    pass
