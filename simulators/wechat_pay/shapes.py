"""JSON shapes of the gateway's answers and sealed resources, and the checks of what it is sent."""

from __future__ import annotations

from typing import Any

from simulators.wechat_pay.orders import Order, Refund, Refused

STATES = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "CLOSED": "订单已关闭",
    "REFUND": "转入退款",
}


def checked_order(body: Any, mchid: str, partner: bool) -> tuple[dict[str, Any], str]:
    """The order request and its payer's openid; Refused(PARAM_ERROR) as the gateway does."""
    if not isinstance(body, dict):
        raise Refused(400, "PARAM_ERROR", "请求体不是 JSON 对象")
    account = "sp_mchid" if partner else "mchid"
    for field in ("out_trade_no", "description", "notify_url", account):
        if not isinstance(body.get(field), str) or not body[field]:
            raise Refused(400, "PARAM_ERROR", f"输入源“/body/{field}”映射到值字段“{field}”不能为空")
    if body[account] != mchid:
        raise Refused(403, "MCH_NOT_EXISTS", "商户号不存在或与签名不一致")
    if partner and not body.get("sub_mchid"):
        raise Refused(400, "PARAM_ERROR", "子商户号不能为空")
    number = body["out_trade_no"]
    if not 6 <= len(number) <= 32 or not all(c.isalnum() or c in "_-|*" for c in number):
        raise Refused(400, "PARAM_ERROR", "商户订单号必须为6-32个字符")
    total = (body.get("amount") or {}).get("total")
    if not isinstance(total, int) or isinstance(total, bool) or total < 1:
        raise Refused(400, "PARAM_ERROR", "订单金额必须为正整数，单位为分")
    payer = body.get("payer") or {}
    openid = payer.get("sp_openid") or payer.get("sub_openid") if partner else payer.get("openid")
    if not openid:
        raise Refused(400, "PARAM_ERROR", "支付者 openid 不能为空")
    return body, openid


def transaction(order: Order) -> dict[str, Any]:
    """A transaction as queries and notifications give it; partner orders carry the sp_/sub_ names."""
    request = order.request
    partner = "sp_mchid" in request
    names = ("sp_appid", "sp_mchid", "sub_appid", "sub_mchid") if partner else ("appid", "mchid")
    shape: dict[str, Any] = {name: request[name] for name in names if name in request}
    shape |= {
        "out_trade_no": order.out_trade_no,
        "trade_type": "JSAPI",
        "trade_state": order.state,
        "trade_state_desc": STATES[order.state],
        "attach": request.get("attach", ""),
        "payer": {"sp_openid" if partner else "openid": order.openid},
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
        "user_received_account": "支付用户零钱",
        "create_time": item.created,
        "status": item.status,
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


def refund_resource(order: Order, item: Refund, mchid: str) -> dict[str, Any]:
    """The resource sealed into a refund notification."""
    return {
        "mchid": mchid,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "refund_id": item.refund_id,
        "out_refund_no": item.out_refund_no,
        "refund_status": item.status,
        "success_time": item.success_time,
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": order.total,
            "refund": item.amount,
            "payer_total": order.total,
            "payer_refund": item.amount,
        },
    }
