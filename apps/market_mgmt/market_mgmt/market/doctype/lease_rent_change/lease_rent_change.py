"""From which day a lease pays another monthly rent."""

from frappe.model.document import Document


class LeaseRentChange(Document):
    pass
