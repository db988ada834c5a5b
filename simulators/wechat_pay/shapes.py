"""JSON shapes of the gateway's answers and sealed resources, and the checks of what it is sent."""

from __future__ import annotations

from typing import Any

from simulators.wechat_pay.accounts import Account
from simulators.wechat_pay.orders import Order, Refund, Refused

STATES = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "CLOSED": "订单已关闭",
    "REFUND": "转入退款",
}
PARTNER_NAMES = ("sp_appid", "sp_mchid", "sub_appid", "sub_mchid")
MOST_REASON_BYTES = 80


def checked_order(body: Any, account: Account, partner: bool) -> tuple[dict[str, Any], str]:
    """The order request and its payer's openid; Refused(PARAM_ERROR) as the gateway does."""
    body = _object(body)
    mchid, appid = ("sp_mchid", "sp_appid") if partner else ("mchid", "appid")
    _filled(body, "out_trade_no", "description", "notify_url", mchid, appid)
    account.own(body, partner, "body")
    number = body["out_trade_no"]
    if not 6 <= len(number) <= 32 or not all(c.isalnum() or c in "_-|*" for c in number):
        raise Refused(400, "PARAM_ERROR", "商户订单号必须为6-32个字符")
    _positive((body.get("amount") or {}).get("total"), "订单金额必须为正整数，单位为分")
    payer = body.get("payer") or {}
    openid = payer.get("sp_openid") or payer.get("sub_openid") if partner else payer.get("openid")
    if not openid:
        raise Refused(400, "PARAM_ERROR", "支付者 openid 不能为空")
    if payer.get("sub_openid") and not body.get("sub_appid"):
        raise Refused(400, "PARAM_ERROR", "传了sub_openid时sub_appid不能为空")
    return body, openid


def checked_refund(body: Any) -> dict[str, Any]:
    """The refund request; Refused(PARAM_ERROR) as the gateway does. Lengths of the reason are in bytes."""
    body = _object(body)
    _filled(body, "out_refund_no")
    number = body["out_refund_no"]
    if len(number.encode()) > 64 or not all(c.isascii() and (c.isalnum() or c in "_-|*@") for c in number):
        raise Refused(400, "PARAM_ERROR", "商户退款单号不可超过64个字节，只能是数字、大小写字母_-|*@")
    if not body.get("transaction_id") and not body.get("out_trade_no"):
        raise Refused(400, "PARAM_ERROR", "transaction_id和out_trade_no必须二选一进行传参")
    if len(str(body.get("reason", "")).encode()) > MOST_REASON_BYTES:
        raise Refused(400, "PARAM_ERROR", "退款原因不可超过80个字节长度")
    amount = body.get("amount") or {}
    _positive(amount.get("refund"), "退款金额必须为正整数，单位为分")
    _positive(amount.get("total"), "原订单金额必须为正整数，单位为分")
    if amount.get("currency") != "CNY":
        raise Refused(400, "PARAM_ERROR", "退款币种目前只支持人民币：CNY")
    return body


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refused(400, "PARAM_ERROR", "请求体不是 JSON 对象")
    return body


def _filled(body: dict[str, Any], *fields: str) -> None:
    for field in fields:
        if not isinstance(body.get(field), str) or not body[field]:
            raise Refused(400, "PARAM_ERROR", f"输入源“/body/{field}”映射到值字段“{field}”不能为空")


def _positive(fen: Any, message: str) -> None:
    if not isinstance(fen, int) or isinstance(fen, bool) or fen < 1:
        raise Refused(400, "PARAM_ERROR", message)


def transaction(order: Order) -> dict[str, Any]:
    """A transaction as queries and notifications give it; partner orders carry the sp_/sub_ names."""
    request = order.request
    names = PARTNER_NAMES if "sp_mchid" in request else ("appid", "mchid")
    shape: dict[str, Any] = {name: request[name] for name in names if name in request}
    shape |= {
        "out_trade_no": order.out_trade_no,
        "trade_type": "JSAPI",
        "trade_state": order.state,
        "trade_state_desc": STATES[order.state],
        "attach": request.get("attach", ""),
        "payer": dict(request["payer"]),
        "amount": {"total": order.total, "currency": "CNY"},
    }
    if order.transaction_id:
        shape |= {
            "transaction_id": order.transaction_id,
            "bank_type": "OTHERS",
            "success_time": order.success_time,
        }
        shape["amount"] |= {"payer_total": order.total, "payer_currency": "CNY"}
    return shape


def refund(order: Order, item: Refund) -> dict[str, Any]:
    """A refund as the refund endpoints give it."""
    shape = {
        "refund_id": item.refund_id,
        "out_refund_no": item.out_refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": item.received_by,
        "create_time": item.created,
        "status": item.status,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": order.total,
            "refund": item.amount,
            "payer_total": order.total,
            "payer_refund": item.amount,
            "settlement_refund": item.amount,
            "settlement_total": order.total,
            "discount_refund": 0,
            "currency": "CNY",
        },
    }
    if item.success_time:
        shape["success_time"] = item.success_time
    return shape


def refund_resource(order: Order, item: Refund) -> dict[str, Any]:
    """The resource sealed into a refund notification; it has no time of acceptance."""
    request = order.request
    names = ("sp_mchid", "sub_mchid") if "sp_mchid" in request else ("mchid",)
    shape: dict[str, Any] = {name: request[name] for name in names}
    shape |= {
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "refund_id": item.refund_id,
        "out_refund_no": item.out_refund_no,
        "refund_status": item.status,
        "user_received_account": item.received_by,
        "amount": {
            "total": order.total,
            "refund": item.amount,
            "payer_total": order.total,
            "payer_refund": item.amount,
        },
    }
    if item.success_time:
        shape["success_time"] = item.success_time
    return shape
