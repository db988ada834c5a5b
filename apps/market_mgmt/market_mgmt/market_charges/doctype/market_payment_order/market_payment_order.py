"""One attempt to pay fees, by WeChat or at the counter. Its name is the out_trade_no that WeChat knows it by."""

import re
import secrets

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime


class MarketPaymentOrder(Document):
    def autoname(self) -> None:
        # At most 32 letters and digits: WeChat takes no others.
        market = re.sub(r"[^0-9A-Za-z]", "", self.market)[:12] or "m"
        self.name = f"{market}{get_datetime(self.created_at):%y%m%d%H%M%S}{secrets.token_hex(4)}"

    def on_trash(self) -> None:
        frappe.throw(_("A payment order is never deleted."), frappe.PermissionError)
