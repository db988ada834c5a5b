"""What a controller reckons with must be there before Frappe, after the controller, looks at mandatory fields."""

import frappe
from frappe import _
from frappe.model.document import Document


def require(doc: Document, *fieldnames: str) -> None:
    """MandatoryError that names the fields of these that are empty."""
    missing = [fieldname for fieldname in fieldnames if doc.get(fieldname) in (None, "")]
    if missing:
        labels = "、".join(_(doc.meta.get_label(fieldname)) for fieldname in missing)
        frappe.throw(_("Please fill in: {0}").format(labels), frappe.MandatoryError)
