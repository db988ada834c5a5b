"""Units above a bound, and their price."""

from frappe.model.document import Document


class TariffTier(Document):
    pass
