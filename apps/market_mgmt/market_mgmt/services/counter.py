"""Money at the counter: cash, transfer and POS taken by a cashier in a session, and taken back by a second person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.allocation import allocate
from market_mgmt.services import cashiers, deposits, labels, ledger, receipts, refunds
from market_mgmt.services.billing_reversal import reversals
from market_mgmt.services.rows import lock
from market_mgmt.services.settlement import SettleResult, receive

CHANNELS = cashiers.CHANNELS


def collect(
    merchant: str, fees: Sequence[str], channel: str, amount: Decimal, by: str, now: datetime
) -> SettleResult:
    """Take money for a merchant: first the chosen fees, then other due ones, what is left is prepaid.

    Raises ValidationError for another channel, an amount of nothing, fees that are not the merchant's open ones, an
    amount that pays any fee in part where the market takes no partial payments, or a cashier without an open session.
    """
    market = _market_of(merchant, channel, amount)
    rows = {row.name: row for row in ledger.open_fees(now.date(), merchant=merchant, lock=True)}
    for fee in fees:
        if fee not in rows:
            frappe.throw(_("Fee {0} is not open for payment.").format(labels.fee(fee, of=[merchant])))
    _refuse_part(market, amount, rows, fees)
    chosen = [
        {
            "fee": fee,
            "principal": to_db(rows[fee].principal),
            "late_fee": to_db(rows[fee].late_fee),
            "amount": to_db(rows[fee].total),
        }
        for fee in dict.fromkeys(fees)
    ]
    return receive(_order(market, merchant, channel, amount, by, now, fees=chosen), now.date(), now)


def take_deposit(lease: str, channel: str, amount: Decimal, by: str, now: datetime) -> SettleResult:
    """Take the deposit of a lease, or a part of it; it is held apart from what pays fees.

    Raises ValidationError as `collect` does, and when more than the lease's deposit would be held.
    """
    row = frappe.db.get_value("Lease", lease, ["merchant", "deposit"], as_dict=True)
    if not row:
        frappe.throw(_("Lease {0} does not exist.").format(lease), frappe.DoesNotExistError)
    market = _market_of(row.merchant, channel, amount)
    held = deposits.held([lease], lock_rows=True)[lease]
    if held + amount > Decimal(str(row.deposit or 0)):
        frappe.throw(
            _("The deposit of lease {0} is {1}, of which {2} is held.").format(
                labels.lease(lease), yuan(row.deposit), held
            )
        )
    order = _order(market, row.merchant, channel, amount, by, now, deposit_lease=lease)
    taken = receive(order, now.date(), now, allocate=False)
    deposits.set_aside(lease, amount, now.date(), f"deposit|{order.name}", order.name)
    return taken


def reverse(order: str, reason: str, by: str, now: datetime) -> list[str]:
    """Take back a counter payment: its fees are open again, its receipt is void. Returns the fees.

    Needs a second person. Raises ValidationError for a WeChat payment (that is a refund), for the cashier's own
    payment, when a refund of it was asked for, and when the prepaid part or the deposit has been used since.
    """
    if not (reason or "").strip():
        frappe.throw(_("A reversal needs a reason."))
    merchant = frappe.db.get_value("Market Payment Order", order, "merchant")
    if not merchant:
        frappe.throw(_("Payment order {0} does not exist.").format(order), frappe.DoesNotExistError)
    lock("Merchant", [merchant])
    document = frappe.get_doc("Market Payment Order", order, for_update=True)
    if document.channel not in CHANNELS or document.status != "Paid":
        frappe.throw(_("Only a settled counter payment can be reversed."))
    if document.user == by:
        frappe.throw(_("A payment is reversed by somebody else than who took it."), frappe.PermissionError)
    gone = sum(refunds.counted(order), yuan(0))
    if gone:
        frappe.throw(
            _("Of this payment of {0}, {1} is refunded or being refunded.").format(
                yuan(document.amount), gone
            )
        )
    session = cashiers.session_for_reversal(document, by, now)

    fees = sorted({entry.fee for entry in ledger.entries_of_order(order) if entry.fee})
    lock("Fee", fees)
    ledger.post(reversals(ledger.entries_of_order(order, lock=True), reason, now.date()))
    if ledger.prepaid_balance(merchant, lock=True) < 0:
        frappe.throw(_("Part of this payment was prepaid and has been used since; reverse that first."))
    lease = document.deposit_lease
    if lease and deposits.held([lease], lock_rows=True)[lease] < 0:
        frappe.throw(_("This deposit has been released since; reverse nothing that is used."))
    ledger.refresh_caches(fees, now.date())
    document.update({"status": "Reversed", "error": reason.strip(), "reversed_in": session})
    document.save(ignore_permissions=True)
    receipts.void(order, reason.strip(), now)
    return fees


def _refuse_part(
    market: str, amount: Decimal, rows: Mapping[str, ledger.OpenFeeRow], fees: Sequence[str]
) -> None:
    """Raises ValidationError when an amount would pay any fee in part and the market takes no partial payments.

    Whether the fee was named or the rest of the amount would come to it makes no difference.
    """
    shares, _rest = allocate(amount, [row.open_fee() for row in rows.values()], fees)
    paid = {share.fee for share in shares if share.amount == rows[share.fee].total}
    needed = {*fees, *(share.fee for share in shares)}
    if needed <= paid or frappe.db.get_value("Market", market, "allow_partial_payment"):
        return
    due = sum((rows[fee].total for fee in needed), Decimal(0))
    frappe.throw(_("This market takes no partial payments; {0} is due.").format(due))


def _market_of(merchant: str, channel: str, amount: Decimal) -> str:
    """The merchant's market, the merchant locked."""
    if channel not in CHANNELS:
        frappe.throw(_("Payment channel {0} is not available here.").format(channel))
    if amount <= 0:
        frappe.throw(_("The amount must be more than zero."))
    found = lock("Merchant", [merchant], ("name", "market"))
    if not found:
        frappe.throw(_("Merchant {0} does not exist.").format(merchant), frappe.DoesNotExistError)
    return found[merchant].market


def _order(
    market: str, merchant: str, channel: str, amount: Decimal, by: str, now: datetime, **values: Any
) -> Document:
    """A payment order for money that has just changed hands."""
    return frappe.get_doc(
        {
            "doctype": "Market Payment Order",
            "market": market,
            "merchant": merchant,
            "user": by,
            "channel": channel,
            "amount": to_db(amount),
            "status": "Paid",
            "created_at": now,
            "paid_at": now,
            "settled_at": now,
            "cashier_session": cashiers.session_of(market, by, now),
            **values,
        }
    ).insert(ignore_permissions=True)
