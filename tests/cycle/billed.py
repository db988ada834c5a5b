"""What the product billed, read from the site's database."""

from __future__ import annotations

from decimal import Decimal

import frappe
from tests.cycle.amounts import Bills


def billed_bills(market: str, period: str) -> Bills:
    """(stall number, fee type) → amount of every generated bill of a market and month."""
    found = frappe.db.sql(
        """SELECT s.stall_no, f.fee_type, f.amount FROM `tabFee` f JOIN `tabStall` s ON s.name = f.stall
        WHERE f.market = %s AND f.period = %s AND f.source = 'Generated' AND f.status != 'Reversed'""",
        (market, period),
    )
    bills = {
        (stall, fee_type): Decimal(str(amount)).quantize(Decimal("0.01")) for stall, fee_type, amount in found
    }
    assert len(bills) == len(found), "a stall was billed twice for one fee type"
    return bills
