"""Money that arrived: posted once, allocated, receipted, red cards lifted, all in one transaction.

`settle` is where the three ways meet in which a success becomes known: the gateway's notification, a query when the
payer returns, the sweeper. Whatever comes twice, late or out of order finds the order settled and changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime

import frappe
from cn_connect.money import yuan
from cn_connect.wechat.pay_messages import Transaction
from frappe.model.document import Document
from market_mgmt.domain.ledger import CASH, PAYMENT, PREPAID, Posting
from market_mgmt.services import dunning, ledger, receipts
from market_mgmt.services.allocations import Paid, pay_open_fees
from market_mgmt.services.rows import lock

WAITING = ("Created", "Pending")
CURRENCY = "CNY"
ENDED_UNPAID = ("CLOSED", "REVOKED", "PAYERROR")

SETTLED, PREPAID_ONLY, DUPLICATE = "settled", "prepaid", "duplicate"
QUARANTINE = "Quarantined"
QUARANTINED, UNKNOWN, NOT_PAID, CLOSED = "quarantined", "unknown", "not paid", "closed"


@dataclass(frozen=True)
class SettleResult:
    """What a transaction led to: `state` is one of the constants above."""

    state: str
    order: str
    receipt: str | None = None
    red_cards_lifted: tuple[str, ...] = ()


def settle(transaction: Transaction, now: datetime, reviewed: bool = False) -> SettleResult:
    """Take in what WeChat says about an order. Safe to repeat, in any order, from several processes at once.

    `reviewed`: an order under review is looked at once more.
    """
    name = transaction.out_trade_no
    merchant = frappe.db.get_value("Market Payment Order", name, "merchant")
    if not merchant:
        frappe.log_error(title="Payment for an unknown order", message=repr(transaction))
        return SettleResult(UNKNOWN, name)
    lock("Merchant", [merchant])
    order = frappe.get_doc("Market Payment Order", name, for_update=True)
    if not transaction.paid:
        return _not_paid(order, transaction)
    again = reviewed and order.status == QUARANTINE
    if order.settled_at or (order.status == QUARANTINE and not again):
        return _again(order, transaction)
    problem = _problem(order, transaction)
    if problem:
        _save(order, status=QUARANTINE, error=problem)
        frappe.log_error(title="Payment quarantined", message=f"{name}: {problem}\n{transaction!r}")
        return SettleResult(QUARANTINED, name)

    late = order.status not in WAITING and not again
    paid_at = min(transaction.success_time or now, now)
    _mark(
        order,
        status="Paid",
        transaction_id=transaction.transaction_id,
        paid_at=paid_at,
        settled_at=now,
        error=f"paid after the order was {order.status.lower()}" if late else None,
    )
    # The fees of an order that was closed may have been paid another way since: its money pays what is due, oldest first.
    return receive(order, paid_at.date(), now, late=late)


def receive(
    order: Document, on: date, now: datetime, allocate: bool = True, late: bool = False
) -> SettleResult:
    """Post the whole amount of a paid order, allocate it, issue the receipt, lift red cards. The merchant is locked.

    The fees of the order come first, unless the order had been closed before (`late`).
    """
    chosen = () if late else [row.fee for row in order.fees]
    amount = yuan(order.amount)
    payment = Posting(
        market=order.market,
        merchant=order.merchant,
        posting_date=on,
        entry_type=PAYMENT,
        debit_account=CASH,
        credit_account=PREPAID,
        amount=amount,
        idempotency_key=f"payment|{order.name}",
        payment_order=order.name,
        voucher_type="Market Payment Order",
        voucher_no=order.name,
    )
    if allocate:
        paid = pay_open_fees(order.merchant, amount, on, chosen, payment)
    else:
        paid = Paid()
        ledger.post([payment])
    lifted = [card for lease in paid.leases for card in dunning.after_payment(lease, now)]
    # The receipt comes last: every payment of the market waits for its number.
    receipt = receipts.issue(order, paid, now)
    state = SETTLED if paid.shares or (allocate and not late) else PREPAID_ONLY
    return SettleResult(state, order.name, receipt, tuple(lifted))


def _problem(order: Document, transaction: Transaction) -> str | None:
    """Why money must not be posted: it is not what, or not to whom, the order says."""
    if transaction.amount != yuan(order.amount):
        return f"amount {transaction.amount}, ordered {yuan(order.amount)}"
    if transaction.mchid != order.mchid or (transaction.sub_mchid or "") != (order.sub_mchid or ""):
        return f"payee {transaction.mchid} {transaction.sub_mchid or ''}, ordered {order.mchid} {order.sub_mchid or ''}"
    if transaction.currency != CURRENCY:
        return f"currency {transaction.currency}, ordered {CURRENCY}"
    if order.appid and transaction.appid != order.appid:
        return f"app {transaction.appid}, ordered {order.appid}"
    if not transaction.transaction_id:
        return "no transaction id"
    other = frappe.db.get_value("Market Payment Order", {"transaction_id": transaction.transaction_id})
    if other and other != order.name:
        return f"transaction {transaction.transaction_id} belongs to {other}"
    return None


def _again(order: Document, transaction: Transaction) -> SettleResult:
    """A repetition; one transaction paying an order that another one settled is money to look into."""
    if order.settled_at and transaction.transaction_id != order.transaction_id:
        frappe.log_error(title="Order paid twice", message=f"{order.name}: {transaction!r}")
    return SettleResult(DUPLICATE if order.settled_at else QUARANTINED, order.name)


def _not_paid(order: Document, transaction: Transaction) -> SettleResult:
    if order.status in WAITING and transaction.trade_state in ENDED_UNPAID:
        _save(
            order,
            status="Closed",
            error=transaction.trade_state if transaction.trade_state != "CLOSED" else None,
        )
        return SettleResult(CLOSED, order.name)
    return SettleResult(NOT_PAID, order.name)


def _mark(order: Document, **values: object) -> None:
    """Set columns of the locked order without the life cycle of a document: nothing but these columns changes."""
    order.update(values)
    frappe.db.set_value(order.doctype, order.name, values)


def _save(order: Document, **values: object) -> None:
    order.update(values)
    order.save(ignore_permissions=True)
