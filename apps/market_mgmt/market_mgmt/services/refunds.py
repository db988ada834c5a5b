"""Refunds: asked for, approved by a second person, under way, done. By WeChat (`wechat_refunds`) or by the office.

Approval moves the amount out of the balance (Refund Hold), so it cannot be spent while it is under way; success lets
it leave (Refund), failure gives it back.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import refund as rules
from market_mgmt.domain.ledger import (
    CASH,
    PREPAID,
    REFUND,
    REFUND_HOLD,
    REFUND_PAYABLE,
    REVERSAL,
    Posting,
)
from market_mgmt.services import cashiers, freed, labels, ledger, receipts, refund_vouchers, taking_back
from market_mgmt.services.billing_reversal import reversals
from market_mgmt.services.rows import lock

WECHAT, CASH_CHANNEL = "WeChat", "Cash"
CHANNELS = (WECHAT, *cashiers.CHANNELS)
# What has left a payment for good, or is about to.
LEAVING = (*rules.HOLDING, rules.SUCCEEDED)


def request(
    merchant: str,
    amount: Decimal,
    channel: str,
    reason: str,
    by: str,
    now: datetime,
    payment_order: str | None = None,
    reopen_fees: bool = False,
) -> str:
    """Ask for money to go back; returns the refund's name.

    By WeChat it goes back on the payment it came by; by cash or transfer it is balance, of any payment. With
    `reopen_fees` the amount is taken off the fees that the payment paid, the last one first. Raises ValidationError for more than is there.
    """
    if channel not in CHANNELS:
        frappe.throw(_("Payment channel {0} is not available here.").format(channel))
    if not (reason or "").strip():
        frappe.throw(_("A refund needs a reason."))
    if amount <= 0:
        frappe.throw(_("The amount must be more than zero."))
    market = frappe.db.get_value("Merchant", merchant, "market")
    if not market:
        frappe.throw(_("Merchant {0} does not exist.").format(merchant), frappe.DoesNotExistError)
    lock("Merchant", [merchant])
    if payment_order:
        _check_order(payment_order, merchant, channel, amount, now)
    elif channel == WECHAT or reopen_fees:
        frappe.throw(_("Choose the payment that goes back."))
    return (
        frappe.get_doc(
            {
                "doctype": "Refund",
                "market": market,
                "merchant": merchant,
                "payment_order": payment_order,
                "channel": channel,
                "amount": to_db(amount),
                "reason": reason.strip(),
                "reopen_fees": int(reopen_fees),
                "status": rules.REQUESTED,
                "requested_by": by,
                "requested_at": now,
            }
        )
        .insert(ignore_permissions=True)
        .name
    )


def review(name: str, approve: bool, note: str | None, by: str, now: datetime) -> str:
    """Approve a refund, which holds the money, or reject it with a reason; returns its status.

    Raises PermissionError for the own request, ValidationError when the balance does not suffice.
    """
    refund = locked(name)
    if refund.requested_by == by:
        frappe.throw(
            _("A refund is approved by somebody else than who asked for it."), frappe.PermissionError
        )
    if not approve and not (note or "").strip():
        frappe.throw(_("Please give a reason for the rejection."))
    move(refund, rules.APPROVED if approve else rules.REJECTED, decided_by=by, decided_at=now)
    if not approve:
        refund.db_set("error", (note or "").strip())
        return refund.status
    if refund.reopen_fees:
        _take_off_fees(refund, now)
    if ledger.prepaid_balance(refund.merchant, lock=True) < yuan(refund.amount):
        frappe.throw(
            _(
                "The balance of {0} is less than {1}; reverse the wrong bill first, or reopen the fees."
            ).format(labels.merchant(refund.merchant), yuan(refund.amount))
        )
    ledger.post([_posting(refund, REFUND_HOLD, PREPAID, REFUND_PAYABLE, now, "hold")])
    if refund.reopen_fees:
        freed.pay_open(refund.merchant, now)
    return refund.status


def pay_out(name: str, by: str, now: datetime, reference: str | None = None) -> str:
    """The office has paid an approved refund out: in cash from the cashier's session, or by transfer with its number.

    Raises ValidationError for a WeChat refund, a transfer without number, or cash without an open session.
    """
    refund = locked(name)
    if refund.channel == WECHAT:
        frappe.throw(_("A WeChat refund goes back by itself."))
    if refund.channel != CASH_CHANNEL and not (reference or "").strip():
        frappe.throw(_("Please enter the number of the bank's or the terminal's slip."))
    session = cashiers.session_of(refund.market, by, now)
    cashiers.require_cash(session, refund.channel, yuan(refund.amount))
    return finish(
        refund, rules.SUCCEEDED, now, gateway_id=(reference or "").strip() or None, cashier_session=session
    )


def give_up(name: str, reason: str, now: datetime) -> str:
    """An approved refund that the office cannot pay out: the money becomes balance again."""
    refund = locked(name)
    if not (reason or "").strip():
        frappe.throw(_("A refund needs a reason."))
    return finish(refund, rules.FAILED, now, error=reason.strip())


def counted(order: str, states: Sequence[str] = rules.COUNTED) -> list[Decimal]:
    """What of a payment has gone back, is going back or is asked for, part by part in yuan; locked."""
    table = frappe.qb.DocType("Refund")
    query = frappe.qb.from_(table).select(table.amount).where(table.payment_order == order)
    return [yuan(part) for (part,) in query.where(table.status.isin(states)).for_update().run()]


def _check_order(order: str, merchant: str, channel: str, amount: Decimal, now: datetime) -> None:
    fields = ("name", "merchant", "channel", "status", "amount", "paid_at")
    row = lock("Market Payment Order", [order], fields).get(order)
    if not row or row.merchant != merchant:
        frappe.throw(_("Payment order {0} does not exist.").format(order), frappe.DoesNotExistError)
    if row.status != "Paid":
        frappe.throw(_("Only a settled payment is refunded."))
    if channel == WECHAT and (row.channel != WECHAT or now - row.paid_at > rules.WECHAT_REFUNDS_FOR):
        frappe.throw(_("This payment cannot go back by WeChat; choose cash or transfer."))
    parts = counted(order)
    if channel == WECHAT and len(parts) >= rules.MOST_PARTS:
        frappe.throw(_("This payment cannot go back by WeChat; choose cash or transfer."))
    asked = sum(parts, yuan(0))
    if asked + amount > yuan(row.amount):
        frappe.throw(
            _("Of this payment of {0}, {1} is refunded or being refunded.").format(yuan(row.amount), asked)
        )


def _take_off_fees(refund: Document, now: datetime) -> None:
    """Take as much of the payment as goes back off the fees that it paid last."""
    today, order = now.date(), refund.payment_order
    plan = taking_back.part(order, refund.merchant, yuan(refund.amount), refund.reason, today)
    ledger.post(plan.postings)
    ledger.refresh_caches(plan.fees, today)


def preview(order: str, amount: Decimal, now: datetime) -> taking_back.Plan:
    """The fees that a refund of a payment opens when it is approved, without approving it."""
    merchant = frappe.db.get_value("Market Payment Order", order, "merchant")
    if not merchant:
        frappe.throw(_("Payment order {0} does not exist.").format(order), frappe.DoesNotExistError)
    return taking_back.part(order, merchant, amount, _("Preview"), now.date(), lock_rows=False)


def finish(refund: Document, status: str, now: datetime, **values: object) -> str:
    """A refund has ended: the held money leaves, or becomes balance again."""
    move(refund, status, finished_at=now, **values)
    if status == rules.SUCCEEDED:
        ledger.post([_posting(refund, REFUND, REFUND_PAYABLE, CASH, now, "done")])
        _take_back_receipt(refund, now)
        refund_vouchers.issue(refund, now)
    else:
        holds = [entry for entry in _entries(refund) if entry.entry_type in (REFUND_HOLD, REVERSAL)]
        ledger.post(reversals(holds, str(values.get("error") or status), now.date()))
        # The money never left: late fees are derived as if it had not been held.
        freed.pay_open(refund.merchant, now, since=min(hold.counted_from for hold in holds))
    return status


def _take_back_receipt(refund: Document, now: datetime) -> None:
    """A payment that went back as a whole leaves no receipt, one that went back in part a smaller invoice."""
    order = refund.payment_order
    if not order:
        return
    amount = yuan(frappe.db.get_value("Market Payment Order", order, "amount"))
    left = amount - sum(counted(order, (rules.SUCCEEDED,)), yuan(0))
    if left:
        receipts.reduce(order, left, now)
    else:
        receipts.void(order, refund.reason, now)


def _entries(refund: Document) -> list[ledger.LedgerEntry]:
    return ledger.entries_of_voucher("Refund", refund.name, lock=True)


def locked(name: str) -> Document:
    merchant = frappe.db.get_value("Refund", name, "merchant")
    if not merchant:
        frappe.throw(_("Refund {0} does not exist.").format(name), frappe.DoesNotExistError)
    lock("Merchant", [merchant])
    return frappe.get_doc("Refund", name, for_update=True)


def move(refund: Document, status: str, **values: object) -> None:
    if not rules.may_become(refund.status, status):
        frappe.throw(_("This refund is {0} already.").format(_(refund.status)))
    refund.update({"status": status, **values})
    refund.save(ignore_permissions=True)


def _posting(refund: Document, entry_type: str, debit: str, credit: str, now: datetime, step: str) -> Posting:
    return Posting(
        market=refund.market,
        merchant=refund.merchant,
        posting_date=now.date(),
        entry_type=entry_type,
        debit_account=debit,
        credit_account=credit,
        amount=yuan(refund.amount),
        idempotency_key=f"refund|{refund.name}|{step}",
        voucher_type="Refund",
        voucher_no=refund.name,
        remark=refund.reason,
    )
