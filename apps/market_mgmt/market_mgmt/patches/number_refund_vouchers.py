"""Refunds that had left before there were vouchers get theirs, in the order in which they left."""

import frappe
from frappe.utils import get_datetime
from market_mgmt.domain.refund import SUCCEEDED
from market_mgmt.services import receipts, refund_vouchers


def execute() -> None:
    filters = {"status": SUCCEEDED, "voucher": ["is", "not set"]}
    for name in frappe.get_all("Refund", filters=filters, pluck="name", order_by="finished_at, name"):
        refund = frappe.get_doc("Refund", name)
        refund_vouchers.issue(refund, get_datetime(refund.finished_at))
        if refund.payment_order:
            receipts.print_again(refund.payment_order)
