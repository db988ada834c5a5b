from frappe.model.document import Document


class MarketStaffArea(Document):
    """An area that a member of staff looks after."""
