"""Refunds through WeChat: handed over, asked about, told of, swept.

Neither lock nor snapshot is held while the gateway is asked: its notification may overtake its own answer.
"""

from datetime import datetime

import frappe
from cn_connect.clock import now as site_now
from cn_connect.errors import GatewayRefused
from cn_connect.money import yuan
from cn_connect.wechat.gateway import pay_client
from cn_connect.wechat.pay_messages import Refund
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime
from frappe.utils.synchronization import filelock
from market_mgmt.domain import refund as rules
from market_mgmt.services import refunds
from market_mgmt.services.refunds import WECHAT, finish, locked, move
from market_mgmt.services.sweeping import sweep_each

# Refusals that somebody can mend (the account's balance, permissions, settings): the refund waits. What else WeChat
# refuses, it refuses for good; what it cannot answer at the moment is GatewayUnavailable.
_WAITS = ("NOT_ENOUGH", "NO_AUTH", "SIGN_ERROR", "MCH_NOT_EXISTS")
ABNORMAL = "ABNORMAL"
# Nobody gives a refund up while it is being sent. Taken without any row locked.
_SENDING, _SENDING_SECONDS = "market_mgmt_wechat_refunds", 30


def send(name: str, now: datetime) -> str:
    """Hand an approved WeChat refund to the gateway, under its own number, so repeating is harmless; returns its status.

    Waits for its turn if another part of the same payment went less than a minute ago. Raises GatewayUnavailable
    when WeChat cannot be asked: the sweeper tries again.
    """
    frappe.db.commit()
    with filelock(_SENDING, timeout=_SENDING_SECONDS):
        refund = frappe.get_doc("Refund", name)
        if refund.channel != WECHAT or refund.status not in rules.HOLDING or _another_just_went(refund, now):
            return refund.status
        order = _order(refund.payment_order)
        frappe.db.commit()
        try:
            said = pay_client(order.mchid).create_refund(
                out_refund_no=name,
                out_trade_no=refund.payment_order,
                amount=yuan(refund.amount),
                total=yuan(order.amount),
                reason=refund.reason,
                sub_mchid=order.sub_mchid or None,
            )
        except GatewayRefused as refused:
            if refused.code in _WAITS:
                _alarm(refund, str(refused))
                return refund.status
            return finish(locked(name), rules.FAILED, now, error=str(refused))
        return take_in(said, now)


def take_in(said: Refund, now: datetime) -> str:
    """What WeChat says about a refund: its answer, a query, or a notification. Safe to repeat, in any order."""
    if not frappe.db.exists("Refund", said.out_refund_no):
        frappe.log_error(title="Refund of an unknown number", message=repr(said))
        return "unknown"
    refund = locked(said.out_refund_no)
    if not _is_what_was_asked_for(said, refund):
        frappe.log_error(title="Refund differs from what was asked for", message=f"{refund.name}: {said!r}")
        return refund.status
    _note_acceptance(refund, said, now)
    if refund.status != rules.PROCESSING:
        if said.status == "SUCCESS" and not said.returned and refund.status != rules.SUCCEEDED:
            frappe.log_error(
                title="A failed refund has succeeded", message=f"{refund.name} is {refund.status}: {said!r}"
            )
        return refund.status
    if said.returned:
        why = _("The payer's bank refused it; the money is in {0}.").format(said.received_by)
        return finish(refund, rules.FAILED, now, error=why)
    if said.status == "SUCCESS":
        return finish(refund, rules.SUCCEEDED, now, error=None)
    if said.status == "CLOSED":
        return finish(refund, rules.FAILED, now, error=said.status)
    if said.status == ABNORMAL:
        # The payer's bank could not take it, and WeChat keeps the money until somebody decides on its merchant
        # platform: to another card of the payer's (SUCCESS) or back to the merchant (SUCCESS, `returned`).
        _alarm(refund, ABNORMAL)
    return refund.status


def on_refund(said: Refund) -> str:
    """Hook `wechat_pay_refund`: a verified notification. The gateway's clock is not ours, so ours is read here."""
    return take_in(said, site_now())


def refresh(name: str, now: datetime) -> str:
    """Ask WeChat about a refund under way, or send one that is only approved; returns its status."""
    row = frappe.db.get_value("Refund", name, ["channel", "status"], as_dict=True)
    if row.channel != WECHAT or row.status not in rules.HOLDING:
        return row.status
    if row.status == rules.APPROVED:
        return send(name, now)
    said = _asked(name)
    return take_in(said, now) if said else send(name, now)


def learn(name: str, now: datetime) -> str:
    """Ask WeChat about a refund whatever we think of it, and take in the answer; returns its status.

    For refunds that the gateway's bill lists on a day on which we know of none.
    """
    if frappe.db.get_value("Refund", name, "channel") == WECHAT:
        said = _asked(name)
        if said:
            return take_in(said, now)
    return frappe.db.get_value("Refund", name, "status")


def give_up(name: str, reason: str, now: datetime) -> str:
    """An approved refund that WeChat does not take is withdrawn: the money becomes balance, to go another way.

    Raises ValidationError once WeChat knows of it, GatewayUnavailable when it cannot be asked.
    """
    frappe.db.commit()
    with filelock(_SENDING, timeout=_SENDING_SECONDS):
        said = _asked(name)
        if said:
            take_in(said, now)
            frappe.db.commit()
            frappe.throw(_("WeChat has taken this refund in; wait for its result."))
        return refunds.give_up(name, reason, now)


def sweep(now: datetime) -> dict[str, int]:
    """Send what is approved, ask about what is under way; commits refund by refund. Returns how many are in which state."""
    waiting = frappe.get_all(
        "Refund",
        {"channel": WECHAT, "status": ["in", rules.HOLDING]},
        ["name", "sent_at"],
        order_by="requested_at",
    )
    due = [
        row.name for row in waiting if not row.sent_at or rules.is_asked_about(get_datetime(row.sent_at), now)
    ]
    return sweep_each(due, lambda name: refresh(name, now), lambda name: f"Sweeping refund {name}")


def _asked(name: str) -> Refund | None:
    order = _order(frappe.db.get_value("Refund", name, "payment_order"))
    frappe.db.commit()
    return pay_client(order.mchid).query_refund_state(name, order.sub_mchid or None)


def _order(name: str) -> frappe._dict:
    return frappe.db.get_value("Market Payment Order", name, ["amount", "mchid", "sub_mchid"], as_dict=True)


def _is_what_was_asked_for(said: Refund, refund: Document) -> bool:
    order = _order(refund.payment_order)
    payee = (order.mchid, order.sub_mchid or "")
    return (
        said.out_trade_no == refund.payment_order
        and said.amount == yuan(refund.amount)
        and said.payee in (None, payee)
    )


def _note_acceptance(refund: Document, said: Refund, now: datetime) -> None:
    """WeChat's bill lists a refund on the day it was accepted, which its answers tell and notifications do not."""
    if refund.status == rules.APPROVED:
        move(refund, rules.PROCESSING, sent_at=said.accepted_at or now, gateway_id=said.refund_id, error=None)
    elif refund.sent_at and said.accepted_at and get_datetime(refund.sent_at) != said.accepted_at:
        refund.db_set("sent_at", said.accepted_at)


def _another_just_went(refund: Document, now: datetime) -> bool:
    same_payment = {"payment_order": refund.payment_order, "name": ["!=", refund.name]}
    return bool(frappe.db.exists("Refund", {**same_payment, "sent_at": [">", now - rules.BETWEEN_PARTS]}))


def _alarm(refund: Document, error: str) -> None:
    """Somebody has to do something on WeChat's merchant platform; told once, for the sweeper comes back each minute."""
    if refund.error != error:
        refund.db_set("error", error)
        frappe.log_error(
            title="Refund needs attention on the merchant platform", message=f"{refund.name}: {error}"
        )
