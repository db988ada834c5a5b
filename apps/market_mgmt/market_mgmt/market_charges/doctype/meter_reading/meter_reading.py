"""What a meter showed at the end of a period. Recorded, confirmed and voided by `services.readings`."""

import frappe
from frappe import _
from frappe.model.document import Document


class MeterReading(Document):
    def validate(self) -> None:
        frappe.throw(_("Readings are recorded by an import and not edited."), frappe.PermissionError)

    def on_trash(self) -> None:
        frappe.throw(_("A reading is never deleted; void it."), frappe.PermissionError)
