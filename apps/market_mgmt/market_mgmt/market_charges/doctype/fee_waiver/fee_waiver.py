"""A request to waive principal or late fee of a bill; the workflow's approval posts it in the same transaction."""

import frappe
from cn_connect import clock
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import waivers


class FeeWaiver(Document):
    def validate(self) -> None:
        waivers.check(self, frappe.session.user, clock.now())

    def on_update(self) -> None:
        waivers.saved(self, clock.now())

    def on_trash(self) -> None:
        frappe.throw(_("A waiver is rejected, never deleted."), frappe.PermissionError)
