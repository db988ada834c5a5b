"""Refunds through WeChat: handed over, asked about, told of, swept. No lock is held while the gateway is asked."""

from datetime import datetime

import frappe
from cn_connect.clock import now as site_now
from cn_connect.errors import GatewayRefused
from cn_connect.money import yuan
from cn_connect.wechat import pay
from cn_connect.wechat.gateway import pay_client
from market_mgmt.domain import refund as rules
from market_mgmt.services.refunds import WECHAT, finish, locked, move
from market_mgmt.services.sweeping import sweep_each

# What the gateway refuses for want of money or time may succeed later; the rest will not.
_TRY_AGAIN = ("NOT_ENOUGH", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "SYSTEM_ERROR")


def send(name: str, now: datetime) -> str:
    """Hand an approved WeChat refund to the gateway, under its own number, so repeating is harmless; returns its status.

    Raises GatewayUnavailable when WeChat cannot be asked: the sweeper tries again.
    """
    refund = frappe.get_doc("Refund", name)
    if refund.channel != WECHAT or refund.status not in rules.HOLDING:
        return refund.status
    order = frappe.db.get_value(
        "Market Payment Order", refund.payment_order, ["amount", "mchid", "sub_mchid"], as_dict=True
    )
    client = pay_client(order.mchid)
    try:
        said = client.create_refund(
            out_refund_no=name,
            out_trade_no=refund.payment_order,
            amount=yuan(refund.amount),
            total=yuan(order.amount),
            reason=refund.reason,
            sub_mchid=order.sub_mchid or None,
        )
    except GatewayRefused as refused:
        if refused.code in _TRY_AGAIN:
            frappe.db.set_value("Refund", name, "error", str(refused))
            return refund.status
        return finish(locked(name), rules.FAILED, now, error=str(refused))
    current = locked(name)
    if current.status == rules.APPROVED:
        move(current, rules.PROCESSING, sent_at=now, gateway_id=said.refund_id, error=None)
    return take_in(said, now)


def take_in(said: pay.Refund, now: datetime) -> str:
    """What WeChat says about a refund: its answer, a query, or a notification. Safe to repeat, in any order."""
    if not frappe.db.exists("Refund", said.out_refund_no):
        frappe.log_error(title="Refund of an unknown number", message=repr(said))
        return "unknown"
    refund = locked(said.out_refund_no)
    if said.out_trade_no != refund.payment_order or said.amount != yuan(refund.amount):
        frappe.log_error(title="Refund differs from what was asked for", message=f"{refund.name}: {said!r}")
        return refund.status
    if refund.status == rules.APPROVED:
        move(refund, rules.PROCESSING, sent_at=now, gateway_id=said.refund_id)
    if refund.status != rules.PROCESSING:
        if said.status == "SUCCESS" and refund.status != rules.SUCCEEDED:
            frappe.log_error(
                title="A failed refund has succeeded", message=f"{refund.name} is {refund.status}: {said!r}"
            )
        return refund.status
    if said.status == "SUCCESS":
        return finish(refund, rules.SUCCEEDED, now, gateway_id=said.refund_id)
    if said.status == "CLOSED":
        return finish(refund, rules.FAILED, now, error="CLOSED")
    if said.status == "ABNORMAL" and refund.error != "ABNORMAL":
        # The bank could not take it: somebody has to deal with it on WeChat's merchant platform, then it goes on.
        refund.db_set("error", "ABNORMAL")
        frappe.log_error(title="Refund needs attention on the merchant platform", message=refund.name)
    return refund.status


def on_refund(said: pay.Refund) -> str:
    """Hook `wechat_pay_refund`: a verified notification. The gateway's clock is not ours, so ours is read here."""
    return take_in(said, site_now())


def refresh(name: str, now: datetime) -> str:
    """Ask WeChat about a refund under way, or send one that is only approved; returns its status."""
    row = frappe.db.get_value("Refund", name, ["channel", "status"], as_dict=True)
    if row.channel != WECHAT or row.status not in rules.HOLDING:
        return row.status
    return send(name, now) if row.status == rules.APPROVED else _ask(name, now)


def sweep(now: datetime) -> dict[str, int]:
    """Send what is approved, ask about what is under way; commits refund by refund. Returns how many are in which state."""
    waiting = frappe.get_all("Refund", {"channel": WECHAT, "status": ["in", rules.HOLDING]}, pluck="name")
    return sweep_each(waiting, lambda name: refresh(name, now), lambda name: f"Sweeping refund {name}")


def _ask(name: str, now: datetime) -> str:
    row = frappe.db.get_value("Refund", name, ["payment_order", "status"], as_dict=True)
    payee = frappe.db.get_value(
        "Market Payment Order", row.payment_order, ["mchid", "sub_mchid"], as_dict=True
    )
    said = pay_client(payee.mchid).query_refund_state(name, payee.sub_mchid or None)
    return take_in(said, now) if said else send(name, now)
