"""Orders, payments and refunds as the gateway keeps them. Amounts are integers of fen."""

from __future__ import annotations

import itertools
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

CHINA = timezone(timedelta(hours=8))
REFUNDABLE_FOR = timedelta(days=365)
MOST_PARTIAL_REFUNDS = 50
TO_THE_PAYER = "支付用户零钱"


class Refused(Exception):
    """The gateway says no: an HTTP status with WeChat Pay's code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message


class Clock:
    """The gateway's time: the real one, unless a trial runs on another day. Signatures keep the real one."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None

    def now(self) -> datetime:
        return self.fixed or datetime.now(CHINA)


def china_time(moment: datetime) -> str:
    """RFC 3339 in China's time, as the gateway writes it."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S+08:00")


@dataclass
class Refund:
    """A refund; `received_by` names the account that the money has reached: the payer's, or the merchant's own."""

    out_refund_no: str
    refund_id: str
    amount: int
    notify_url: str | None
    created: str
    reason: str = ""
    status: str = "PROCESSING"
    received_by: str = TO_THE_PAYER
    ended: str | None = None

    @property
    def success_time(self) -> str | None:
        return self.ended if self.status == "SUCCESS" else None


@dataclass
class Order:
    out_trade_no: str
    request: dict[str, Any]
    total: int
    openid: str
    prepay_id: str
    notify_url: str
    expires: datetime | None
    state: str = "NOTPAY"
    transaction_id: str | None = None
    success_time: str | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def refunded(self) -> int:
        return sum(r.amount for r in self.refunds.values() if r.status != "CLOSED")


class OrderBook:
    """All orders of a merchant number by out_trade_no and by prepay_id; every change under one lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.orders: dict[str, Order] = {}
        self.by_prepay: dict[str, Order] = {}
        # Numbers never repeat at WeChat, whenever a simulator was started.
        self._serial = itertools.count(secrets.randbelow(10**9 - 10**6))

    def create(self, request: dict[str, Any], openid: str) -> Order:
        """Accept an order, or give the standing one again when every parameter is the same."""
        number = request["out_trade_no"]
        with self.lock:
            known = self.orders.get(number)
            if known:
                if known.state == "SUCCESS":
                    raise Refused(400, "ORDERPAID", "该订单已支付")
                if known.state == "CLOSED":
                    raise Refused(400, "ORDER_CLOSED", "该订单已关闭")
                if known.request != request:
                    raise Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复")
                return known
            expires = request.get("time_expire")
            order = Order(
                out_trade_no=number,
                request=request,
                total=request["amount"]["total"],
                openid=openid,
                prepay_id="wx" + datetime.now(CHINA).strftime("%d%H%M%S") + secrets.token_hex(13),
                notify_url=request["notify_url"],
                expires=datetime.fromisoformat(expires) if expires else None,
            )
            self.orders[number] = order
            self.by_prepay[order.prepay_id] = order
            return order

    def find(self, out_trade_no: str) -> Order:
        try:
            return self.orders[out_trade_no]
        except KeyError:
            raise Refused(404, "ORDER_NOT_EXIST", "订单不存在") from None

    def find_transaction(self, transaction_id: str) -> Order:
        for order in self.orders.values():
            if order.transaction_id == transaction_id:
                return order
        raise Refused(404, "ORDER_NOT_EXIST", "订单不存在")

    def close(self, order: Order) -> None:
        with self.lock:
            if order.state in ("SUCCESS", "REFUND"):
                raise Refused(400, "ORDERPAID", "该订单已支付")
            order.state = "CLOSED"

    def pay(self, order: Order, moment: datetime) -> Order:
        """The payer confirms with a password: the order becomes SUCCESS, once."""
        with self.lock:
            if order.state == "SUCCESS":
                raise Refused(400, "ORDERPAID", "该订单已支付")
            if order.state == "CLOSED" or (order.expires and moment > order.expires):
                raise Refused(400, "ORDER_CLOSED", "订单已关闭或已过期")
            order.state = "SUCCESS"
            order.transaction_id = f"42000{moment:%Y%m%d%H%M%S}{next(self._serial):09d}"
            order.success_time = china_time(moment)
            return order

    def refund(self, order: Order, request: dict[str, Any], now: datetime) -> Refund:
        """Accept a refund request; the same out_refund_no again gives the same refund."""
        number, amount = request["out_refund_no"], request["amount"]
        with self.lock:
            known = order.refunds.get(number)
            if known:
                if known.amount != amount["refund"]:
                    raise Refused(400, "PARAM_ERROR", "退款金额与之前请求不一致")
                return known
            if self.knows_refund(number):
                raise Refused(400, "INVALID_REQUEST", "商户退款单号已被其他订单使用")
            if order.state not in ("SUCCESS", "REFUND"):
                raise Refused(404, "RESOURCE_NOT_EXISTS", "订单未支付，不能退款")
            if now - datetime.fromisoformat(order.success_time or "") > REFUNDABLE_FOR:
                raise Refused(400, "INVALID_REQUEST", "订单已超过可退款的最大期限(1年)")
            if len(order.refunds) >= MOST_PARTIAL_REFUNDS:
                raise Refused(400, "INVALID_REQUEST", "部分退款已达到50次")
            if amount["total"] != order.total:
                raise Refused(400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致")
            if order.refunded + amount["refund"] > order.total:
                raise Refused(400, "INVALID_REQUEST", "申请退款金额不得大于订单的可退金额")
            accepted = Refund(
                number,
                f"5030{secrets.randbelow(10**20):020d}",
                amount["refund"],
                request.get("notify_url"),
                created=china_time(now),
                reason=request.get("reason", ""),
            )
            order.refunds[number] = accepted
            order.state = "REFUND"
            return accepted

    def end_refund(self, out_refund_no: str, status: str, received_by: str, now: datetime) -> Refund:
        """The bank has answered: SUCCESS, CLOSED, or ABNORMAL, from which a person can still bring it to SUCCESS."""
        with self.lock:
            _, item = self.find_refund(out_refund_no)
            if item.status not in ("PROCESSING", "ABNORMAL"):
                raise Refused(400, "INVALID_REQUEST", f"退款单状态为{item.status}")
            item.status, item.received_by, item.ended = status, received_by, china_time(now)
            return item

    def find_refund(self, out_refund_no: str) -> tuple[Order, Refund]:
        for order in self.orders.values():
            if out_refund_no in order.refunds:
                return order, order.refunds[out_refund_no]
        raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")

    def knows_refund(self, out_refund_no: str) -> bool:
        return any(out_refund_no in order.refunds for order in self.orders.values())
