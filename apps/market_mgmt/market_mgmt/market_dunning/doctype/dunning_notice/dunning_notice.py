from frappe.model.document import Document


class DunningNotice(Document):
    """催缴记录: one attempt to reach one recipient through one channel. Written by services.dunning."""
