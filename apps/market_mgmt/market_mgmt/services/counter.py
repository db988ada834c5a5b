"""Money at the counter: cash, transfer and POS taken by a cashier in a session, and taken back by a second person."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.allocation import allocate
from market_mgmt.domain.ledger import PAYMENT
from market_mgmt.services import (
    cashiers,
    deposits,
    freed,
    labels,
    ledger,
    receipts,
    refunds,
    taking_back,
)
from market_mgmt.services.billing_reversal import reversals
from market_mgmt.services.rows import lock
from market_mgmt.services.settlement import SettleResult, receive
from market_mgmt.services.values import as_datetime

CHANNELS = cashiers.CHANNELS
# What a cashier takes a second time within this time, with nothing changed, was most likely clicked twice.
SAME_CLICK = timedelta(minutes=1)


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
    """Take back a counter payment, as if it had never come: what it paid is open again, its receipt is void.

    What its money paid later is open again, too: later bills out of the balance, arrears out of the deposit. Returns the
    fees; `preview_reversal` tells them before. Needs a second person. Raises ValidationError for a WeChat payment (that
    is a refund), PermissionError for the cashier's own payment, ValidationError when a refund of it was asked for.
    """
    if not (reason or "").strip():
        frappe.throw(_("A reversal needs a reason."))
    document = _counter_payment(order, lock_row=True)
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
    cashiers.require_cash(session, document.channel, yuan(document.amount))
    fees = _undo(document, reason, now)
    document.update({"status": "Reversed", "error": reason.strip(), "reversed_in": session})
    document.save(ignore_permissions=True)
    receipts.void(order, reason.strip(), now)
    return fees


def preview_reversal(order: str, now: datetime) -> taking_back.Plan:
    """What `reverse` would take back of a counter payment, without doing it."""
    return taking_back.whole(_counter_payment(order), _("Preview"), now.date(), lock_rows=False)


def _counter_payment(order: str, lock_row: bool = False) -> Document:
    merchant = frappe.db.get_value("Market Payment Order", order, "merchant")
    if not merchant:
        frappe.throw(_("Payment order {0} does not exist.").format(order), frappe.DoesNotExistError)
    if lock_row:
        lock("Merchant", [merchant])
    document = frappe.get_doc("Market Payment Order", order, for_update=lock_row)
    if document.channel not in CHANNELS or document.status != "Paid":
        frappe.throw(_("Only a settled counter payment can be reversed."))
    return document


def _undo(document: Document, reason: str, now: datetime) -> list[str]:
    """Take a payment off all that its money paid, and out of the balance; other money that is there pays what it can.

    Returns the fees that it was taken off. Raises ValidationError when part of it has gone back to the merchant.
    """
    today = now.date()
    plan = taking_back.whole(document, reason, today)
    if plan.gone > ledger.prepaid_balance(document.merchant, lock=True) - plan.unused:
        frappe.throw(
            _(
                "{0} of this payment has been refunded to the merchant since; take that in again first."
            ).format(plan.gone)
        )
    paid = [one for one in ledger.entries_of_order(document.name, lock=True) if one.entry_type == PAYMENT]
    ledger.post([*plan.postings, *reversals(paid, reason, today)])
    ledger.refresh_caches(plan.fees, today)
    freed.pay_open(document.merchant, now, plan.others_since)
    return plan.fees


def require_another(
    merchant: str,
    channel: str,
    amount: Decimal,
    by: str,
    now: datetime,
    fees: Sequence[str] = (),
    lease: str | None = None,
) -> None:
    """Raises DuplicateEntryError when a cashier has just taken the very same: a button that was clicked twice.

    Locks the merchant, so that of two at once the second sees what the first has done.
    """
    lock("Merchant", [merchant])
    order, line = frappe.qb.DocType("Market Payment Order"), frappe.qb.DocType("Payment Order Fee")
    query = frappe.qb.from_(order).left_join(line).on(line.parent == order.name)
    query = query.select(order.name, order.amount, order.deposit_lease, order.settled_at, line.fee)
    query = query.where((order.merchant == merchant) & (order.user == by) & (order.channel == channel))
    query = query.where((order.status == "Paid") & (order.settled_at > now - SAME_CLICK))
    found: dict[str, frappe._dict] = {}
    for row in query.for_update().run(as_dict=True):
        found.setdefault(row.name, frappe._dict(row, fees=set())).fees |= {row.fee} - {None}
    for row in found.values():
        if (yuan(row.amount), row.deposit_lease or None, row.fees) == (amount, lease, set(fees)):
            moment = as_datetime(row.settled_at).strftime("%H:%M:%S")
            frappe.throw(
                _("{0} from {1} was taken at {2} already; take it again only if it was paid twice.").format(
                    amount, labels.merchant(merchant), moment
                ),
                frappe.DuplicateEntryError,
            )


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
