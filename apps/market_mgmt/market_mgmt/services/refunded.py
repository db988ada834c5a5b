"""What of payments has gone back: for whoever shows a payment or its receipt."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import frappe
from cn_connect.money import ZERO, format_yuan, yuan
from frappe import _
from market_mgmt.domain.refund import SUCCEEDED
from market_mgmt.services.rows import chunks

RECEIPT = "Receipt"


@dataclass(frozen=True)
class GoneBack:
    """The money of one payment that has left again, in yuan, and the vouchers of the refunds."""

    amount: Decimal = ZERO
    vouchers: tuple[str, ...] = ()


def of_orders(orders: Iterable[str]) -> dict[str, GoneBack]:
    """What has gone back of each of these payments; nothing of one that is not named."""
    found: defaultdict[str, GoneBack] = defaultdict(GoneBack)
    for piece in chunks(orders):
        rows = frappe.get_all(
            "Refund",
            filters={"payment_order": ["in", piece], "status": SUCCEEDED},
            fields=["payment_order", "amount", "voucher"],
            order_by="finished_at, name",
        )
        for row in rows:
            before = found[row.payment_order]
            vouchers = (*before.vouchers, row.voucher) if row.voucher else before.vouchers
            found[row.payment_order] = GoneBack(before.amount + yuan(row.amount), vouchers)
    return found


def of_order(order: str) -> GoneBack:
    return of_orders([order])[order]


def note(kind: str, reference: str) -> str | None:
    """Hook `sealed_document_note`: a receipt of which part went back says so, to everybody who verifies it."""
    if kind != RECEIPT:
        return None
    receipt = frappe.db.get_value("Receipt", reference, ["payment_order", "status"], as_dict=True)
    if not receipt or receipt.status != "Issued":
        return None
    gone = of_order(receipt.payment_order).amount
    # Papers are in Chinese, whoever verifies them from wherever.
    return _("¥{0} of it has been refunded", "zh").format(format_yuan(gone)) if gone else None
