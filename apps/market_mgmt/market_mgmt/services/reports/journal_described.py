"""What the rows of a day's journal are called: time, receipt, stalls, merchant and channel beside what they moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import ZERO
from frappe.utils import get_datetime
from market_mgmt.domain.ledger import CASH
from market_mgmt.services import terms
from market_mgmt.services.reports.journal_rows import COUNT_VOUCHER, ORDER_VOUCHER, PARTS, REFUND_VOUCHER, Row
from market_mgmt.services.rows import chunks


@dataclass
class Taking:
    """One payment, refund (negative) or transfer of money already there (0.00), and what it was used for.

    `receipt` and `order` of a refund are those of the payment that goes back, `voucher` is its own paper.
    """

    kind: str
    order: str
    time: str
    receipt: str
    voucher: str
    stalls: str
    merchant: str
    channel: str
    amount: Decimal = ZERO
    parts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(PARTS, ZERO))


def described(rows: Sequence[Row]) -> list[Taking]:
    """The rows with what people call them by, in the order of their times."""
    refunds = _documents(REFUND_VOUCHER, rows, ["name", "channel", "payment_order", "voucher", "finished_at"])
    counts = _documents(COUNT_VOUCHER, rows, ["name", "channel"])
    wanted = {row.source.name for row in rows if row.source.doctype == ORDER_VOUCHER}
    wanted |= {refund.payment_order for refund in refunds.values() if refund.payment_order}
    orders = _named(ORDER_VOUCHER, wanted, ["name", "channel", "paid_at", "settled_at"])
    receipts = _receipts(wanted)
    stalls = values("Stall", (entry.stall for row in rows for entry in row.entries), "stall_no")
    merchants = values("Merchant", (entry.merchant for row in rows for entry in row.entries), "merchant_name")
    found = []
    for row in rows:
        refund = refunds.get(row.source.name) if row.source.doctype == REFUND_VOUCHER else None
        order = (refund.payment_order or "") if refund else ""
        if row.source.doctype == ORDER_VOUCHER:
            order = row.source.name
        paid = orders.get(order)
        first = row.entries[0]
        receipt = receipts.get(order, "")
        found.append(
            Taking(
                kind=_kind(row),
                order=order,
                time=f"{_moment(row, paid, refund):%H:%M}",
                receipt=receipt,
                voucher=(refund.voucher or "") if refund else "",
                stalls="、".join(sorted({stalls.get(e.stall, e.stall) for e in row.entries if e.stall})),
                merchant=merchants.get(first.merchant, first.merchant),
                channel=_channel(row, refund or paid or counts.get(row.source.name)),
                amount=row.cash,
                parts=row.parts,
            )
        )
    return sorted(found, key=lambda taking: (taking.time, taking.receipt, taking.order))


def _kind(row: Row) -> str:
    """What a row is: named after the entry that moves cash, else after the first."""
    entry = next((entry for entry in row.entries if CASH in entry.accounts), row.entries[0])
    label = terms.entry_type(entry.root_type)
    return f"{label}{terms.entry_type(entry.entry_type)}" if row.back else label


def _channel(row: Row, document: Any) -> str:
    """How the money came or went; what moves no cash has none."""
    if not row.moves_cash:
        return ""
    return terms.channel(document.channel) if document else terms.OTHER_CHANNEL


def _moment(row: Row, order: Any, refund: Any) -> Any:
    """When it happened; a payment known late keeps the time at which it was made."""
    known = None
    if refund:
        known = refund.finished_at if row.moves_cash and not row.back else None
    elif order and not row.back:
        known = order.paid_at or order.settled_at
    return get_datetime(known or row.entries[0].creation)


def _documents(doctype: str, rows: Sequence[Row], fields: list[str]) -> dict[str, Any]:
    return _named(doctype, (row.source.name for row in rows if row.source.doctype == doctype), fields)


def _named(doctype: str, names: Iterable[str], fields: list[str], key: str = "name") -> dict[str, Any]:
    """The documents of these names (or of what another field says), by it."""
    return {
        row[key]: row
        for piece in chunks(names)
        for row in frappe.get_all(doctype, filters={key: ["in", piece]}, fields=fields)
    }


def _receipts(orders: Iterable[str]) -> dict[str, str]:
    found = _named("Receipt", orders, ["name", "payment_order"], "payment_order")
    return {order: row.name for order, row in found.items()}


def values(doctype: str, names: Iterable[str | None], fieldname: str) -> dict[str, str]:
    """One field of many documents, by name."""
    found = _named(doctype, (name for name in names if name), ["name", fieldname])
    return {name: row[fieldname] for name, row in found.items()}
