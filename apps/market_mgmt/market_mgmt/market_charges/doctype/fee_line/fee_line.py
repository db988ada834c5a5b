"""How an amount came about, one step."""

from frappe.model.document import Document


class FeeLine(Document):
    pass
