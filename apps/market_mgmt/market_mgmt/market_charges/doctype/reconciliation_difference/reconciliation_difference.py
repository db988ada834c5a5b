"""Something on which WeChat's bill and our books do not agree, until somebody has found out why."""

import frappe
from frappe import _
from frappe.model.document import Document


class ReconciliationDifference(Document):
    def on_trash(self) -> None:
        frappe.throw(_("A difference is resolved, never deleted."), frappe.PermissionError)
