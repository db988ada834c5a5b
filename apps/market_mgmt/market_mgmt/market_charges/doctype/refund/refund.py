"""Money going back to a merchant: requested, approved by a second person, under way, done. Written by `services.refunds`."""

import re
import secrets

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime


class Refund(Document):
    def autoname(self) -> None:
        # The out_refund_no that WeChat knows it by: letters and digits only.
        market = re.sub(r"[^0-9A-Za-z]", "", self.market)[:12] or "m"
        self.name = f"{market}R{get_datetime(self.requested_at):%y%m%d%H%M%S}{secrets.token_hex(4)}"

    def on_trash(self) -> None:
        frappe.throw(_("A refund is never deleted."), frappe.PermissionError)
