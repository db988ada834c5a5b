"""A day's bills of WeChat for one payee against our books. Written by `services.reconciliation`."""

import frappe
from frappe import _
from frappe.model.document import Document


class MarketPaymentReconciliation(Document):
    def on_trash(self) -> None:
        frappe.throw(_("A reconciliation is never deleted."), frappe.PermissionError)
