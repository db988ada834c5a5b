"""Payments by WeChat: an order is placed at the price of the ledger, paid, asked about, closed. See `settlement`.

No lock and no snapshot is held while the gateway is asked: what is decided is committed before, and its answer taken
in afterwards, when a notification may have come in between.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal

import frappe
from cn_connect.clock import now as site_now
from cn_connect.errors import GatewayRefused
from cn_connect.money import to_db
from cn_connect.wechat.gateway import pay_client
from cn_connect.wechat.pay_messages import Transaction
from frappe import _
from frappe.model.document import Document
from market_mgmt.services import labels, ledger, payees, quarantine
from market_mgmt.services.counter import collect, reverse
from market_mgmt.services.rows import lock
from market_mgmt.services.settlement import NOT_PAID, UNKNOWN, WAITING, SettleResult, settle
from market_mgmt.services.sweeping import sweep_each

__all__ = [
    "SettleResult",
    "cancel",
    "collect",
    "create",
    "learn",
    "on_transaction",
    "refresh",
    "reverse",
    "settle",
    "sweep",
]

DEFAULT_EXPIRY_MINUTES = 15
# WeChat takes no order that expires within the next minute.
SHORTEST_EXPIRY = timedelta(minutes=2)
# Attempts to pay the same fees that come in between are closed in turn, but not for ever.
CLOSING_ROUNDS = 3
# An order this young is still being paid: its payer's return or the notification will settle it.
SWEEP_AFTER = timedelta(seconds=30)


def on_transaction(transaction: Transaction) -> SettleResult:
    """Hook `wechat_pay_transaction`: a verified notification. The gateway's clock is not ours, so ours is read here."""
    return settle(transaction, site_now())


def create(
    merchant: str, fees: Sequence[str], channel: str, now: datetime, user: str, openid: str
) -> tuple[Document, dict[str, str]]:
    """Place an order for these fees at WeChat; returns it with what the mini-program needs to ask for the payment.

    Older unpaid orders for any of the fees are closed first. Commits before it calls the gateway.
    Raises ValidationError for fees that are not open or not the merchant's (who belongs to one market and payee), and
    ConfigMissing before anything is done.
    """
    if channel != "WeChat":
        frappe.throw(_("Payment channel {0} is not available here.").format(channel))
    if not fees:
        frappe.throw(_("Choose at least one fee to pay."))
    mchid, sub_mchid = payees.of_merchant(merchant)
    client = pay_client(mchid)
    client.check_payee(sub_mchid)
    _lock_without_older(merchant, fees, now)
    chosen = _chosen(merchant, fees, now)
    order = _insert(merchant, chosen, now, user, openid, (mchid, sub_mchid))
    frappe.db.commit()
    market = frappe.db.get_value("Market", order.market, "market_name")
    try:
        prepay_id = client.create_jsapi_order(
            out_trade_no=order.name,
            description=_("{0} stall fees").format(market),
            amount=sum((row.total for row in chosen), Decimal(0)),
            openid=openid,
            expires_at=order.expires_at,
            sub_mchid=order.sub_mchid or None,
        )
    except GatewayRefused as refused:
        order.update({"status": "Failed", "error": str(refused)})
        order.save(ignore_permissions=True)
        frappe.db.commit()
        raise
    params = client.pay_params(prepay_id, now)
    return _handed_over(order, prepay_id, params.get("appId")), params


def refresh(order: str, now: datetime) -> str:
    """Ask WeChat about an order that waits for its payment and take in the answer; returns the order's status.

    One that has expired is closed. Raises GatewayUnavailable when WeChat cannot be asked.
    """
    row = _order(order)
    if row.status in WAITING:
        frappe.db.commit()
        transaction = pay_client(row.mchid).query_order(order, row.sub_mchid or None)
        result = settle(transaction, now) if transaction else SettleResult(UNKNOWN, order)
        if result.state in (NOT_PAID, UNKNOWN) and row.expires_at and row.expires_at <= now:
            return cancel(order, now)
    return frappe.db.get_value("Market Payment Order", order, "status")


def learn(order: str, now: datetime) -> str:
    """Ask WeChat about an order whatever we think of it, and take in the answer; returns the order's status.

    For orders that we think closed while the gateway's bill says that they were paid.
    """
    row = _order(order)
    frappe.db.commit()
    transaction = pay_client(row.mchid).query_order(order, row.sub_mchid or None)
    if transaction:
        settle(transaction, now)
    return frappe.db.get_value("Market Payment Order", order, "status")


def cancel(order: str, now: datetime) -> str:
    """Close an unpaid order at WeChat, then here; returns its status. If somebody paid first, that is settled."""
    row = _order(order)
    if row.status not in WAITING:
        return row.status
    client = pay_client(row.mchid)
    try:
        client.close_order(order, row.sub_mchid or None)
    except GatewayRefused as refused:
        if refused.code != "ORDERPAID":
            raise
        transaction = client.query_order(order, row.sub_mchid or None)
        if transaction:
            settle(transaction, now)
        return frappe.db.get_value("Market Payment Order", order, "status")
    lock("Merchant", [row.merchant])
    document = frappe.get_doc("Market Payment Order", order, for_update=True)
    if document.status in WAITING:
        document.status = "Closed"
        document.save(ignore_permissions=True)
    return document.status


def sweep(now: datetime) -> dict[str, int]:
    """Settle or close what waits, for payments whose notification never came; commits order by order.

    Returns how many orders ended in which status. One that fails is logged and tried again the next minute.
    """
    waiting = frappe.get_all(
        "Market Payment Order",
        filters={"status": ["in", WAITING], "channel": "WeChat", "created_at": ["<", now - SWEEP_AFTER]},
        order_by="created_at",
        pluck="name",
    )
    return sweep_each(waiting, lambda name: refresh(name, now), lambda name: f"Sweeping payment {name}")


def _lock_without_older(merchant: str, fees: Sequence[str], now: datetime) -> None:
    """Lock the merchant at a moment when no unpaid order is left for any of these fees, so that nobody pays twice.

    Closing one means asking WeChat, for which the lock is given up; meanwhile another attempt may have come.
    """
    for _attempt in range(CLOSING_ROUNDS):
        lock("Merchant", [merchant])
        older = _waiting_for(merchant, fees)
        if not older:
            quarantine.refuse_while_reviewed(merchant, fees)
            return
        frappe.db.commit()
        for name in older:
            cancel(name, now)
            frappe.db.commit()
    frappe.throw(_("Another payment of these fees is just being made; please try again in a moment."))


def _waiting_for(merchant: str, fees: Sequence[str]) -> list[str]:
    """Orders for any of these fees that may still be paid, read past the snapshot."""
    order, line = frappe.qb.DocType("Market Payment Order"), frappe.qb.DocType("Payment Order Fee")
    query = frappe.qb.from_(order).join(line).on(line.parent == order.name).select(order.name)
    query = query.where((order.merchant == merchant) & order.status.isin(WAITING) & line.fee.isin(list(fees)))
    return sorted({name for (name,) in query.for_update().run()})


def _handed_over(order: Document, prepay_id: str, appid: str | None) -> Document:
    """The order as WeChat has accepted it, payable in that app. Raises ValidationError when a newer attempt has closed it meanwhile."""
    current = frappe.get_doc("Market Payment Order", order.name, for_update=True)
    if current.status != "Created":
        frappe.throw(_("This payment has been replaced by a newer one."))
    current.update({"status": "Pending", "prepay_id": prepay_id, "appid": appid})
    return current.save(ignore_permissions=True)


def _chosen(merchant: str, fees: Sequence[str], now: datetime) -> list[ledger.OpenFeeRow]:
    """The chosen fees with their price of today. Raises ValidationError unless this merchant owes them all."""
    rows = {
        row.name: row for row in ledger.open_fees(now.date(), merchant=merchant, names=list(fees), lock=True)
    }
    for fee in fees:
        if fee not in rows:
            frappe.throw(_("Fee {0} is not open for payment.").format(labels.fee(fee, of=[merchant])))
    return [rows[fee] for fee in dict.fromkeys(fees)]


def _insert(
    merchant: str,
    chosen: Sequence[ledger.OpenFeeRow],
    now: datetime,
    user: str,
    openid: str,
    payee: tuple[str, str | None],
) -> Document:
    market = frappe.db.get_value("Market", chosen[0].market, ["name", "payment_expiry_minutes"], as_dict=True)
    order = frappe.get_doc(
        {
            "doctype": "Market Payment Order",
            "market": market.name,
            "merchant": merchant,
            "user": user,
            "openid": openid,
            "channel": "WeChat",
            "amount": to_db(sum((row.total for row in chosen), Decimal(0))),
            "status": "Created",
            "mchid": payee[0],
            "sub_mchid": payee[1],
            "created_at": now,
            "expires_at": _expiry(now, market.payment_expiry_minutes or DEFAULT_EXPIRY_MINUTES, chosen),
            "fees": [
                {
                    "fee": row.name,
                    "principal": to_db(row.principal),
                    "late_fee": to_db(row.late_fee),
                    "amount": to_db(row.total),
                }
                for row in chosen
            ],
        }
    )
    return order.insert(ignore_permissions=True)


def _expiry(now: datetime, minutes: int, chosen: Sequence[ledger.OpenFeeRow]) -> datetime:
    """When the order ends. While late fees run, its price is that of the day, so it does not outlive it."""
    expires_at = now + timedelta(minutes=minutes)
    if any(row.accrues and row.principal > 0 and row.due_date <= now.date() for row in chosen):
        expires_at = min(expires_at, datetime.combine(now.date(), time(23, 59, 59)))
        if expires_at - now < SHORTEST_EXPIRY:
            frappe.throw(_("The late fee changes at midnight; please pay in a few minutes."))
    return expires_at


def _order(name: str) -> frappe._dict:
    fields = ["status", "mchid", "sub_mchid", "merchant", "expires_at"]
    row = frappe.db.get_value("Market Payment Order", name, fields, as_dict=True)
    if not row:
        frappe.throw(_("Payment order {0} does not exist.").format(name), frappe.DoesNotExistError)
    return row
