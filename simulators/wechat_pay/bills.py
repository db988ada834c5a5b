"""The day's trade bill and fund-flow bill, as the gateway's CSV: every value behind a back-tick, a summary at the end.

A refund stands in the trade bill of the day on which it was accepted, not of the day on which it succeeded; what
becomes of it later changes no bill (source: "交易账单详细说明" and "资金账单详细说明" of the documentation).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from simulators.wechat_pay.orders import CHINA, Order, Refund, Refused

FEE_RATE = Decimal("0.0038")

TRADE_COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FUND_COLUMNS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


def yuan(fen: int) -> str:
    return str((Decimal(fen) / 100).quantize(Decimal("0.01")))


def fee(fen: int) -> Decimal:
    """The gateway's charge on an amount of fen, in yuan with five decimals as bills show it."""
    return (Decimal(fen) / 100 * FEE_RATE).quantize(Decimal("0.01"), ROUND_HALF_UP)


def check_day(day: str, now: datetime) -> None:
    """Refused for a day that is none, is not over, or whose bills are still being made: they are from nine on."""
    try:
        following = date.fromisoformat(day) + timedelta(days=1)
    except ValueError:
        raise Refused(400, "PARAM_ERROR", "账单日期格式不正确") from None
    if now < datetime.combine(following, time(), CHINA):
        raise Refused(400, "PARAM_ERROR", "账单日期不合法，只能下载昨天及以前的账单")
    if now < datetime.combine(following, time(9), CHINA):
        raise Refused(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")


def _line(values: Iterable[object]) -> str:
    return ",".join(f"`{value}" for value in values)


def _clock(rfc3339: str) -> str:
    return rfc3339[:19].replace("T", " ")


def _events(orders: Iterable[Order], day: str) -> list[tuple[str, Order, Refund | None]]:
    """(time, order, refund or None) of every payment and of every refund accepted on `day` (YYYY-MM-DD)."""
    events: list[tuple[str, Order, Refund | None]] = []
    for order in orders:
        if (order.success_time or "").startswith(day):
            events.append((order.success_time or "", order, None))
        events += [(item.created, order, item) for item in order.refunds.values() if item.created[:10] == day]
    if not events:
        raise Refused(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
    return sorted(events, key=lambda event: (event[0], event[1].out_trade_no))


def trade_bill(orders: Iterable[Order], day: str) -> str:
    """The trade bill of `day`; Refused(NO_STATEMENT_EXIST) when nothing happened."""
    lines, paid, refunded, fees = [TRADE_COLUMNS], 0, 0, Decimal(0)
    events = _events(orders, day)
    for moment, order, item in events:
        request = order.request
        charge = -fee(item.amount) if item else fee(order.total)
        fees += charge
        paid += 0 if item else order.total
        refunded += item.amount if item else 0
        lines.append(
            _line(
                (
                    _clock(moment),
                    request.get("appid") or request.get("sp_appid"),
                    request.get("mchid") or request.get("sp_mchid"),
                    request.get("sub_mchid", 0),
                    "",
                    order.transaction_id,
                    order.out_trade_no,
                    order.openid,
                    "JSAPI",
                    "REFUND" if item else "SUCCESS",
                    "OTHERS",
                    "CNY",
                    "0.00" if item else yuan(order.total),
                    "0.00",
                    item.refund_id if item else 0,
                    item.out_refund_no if item else 0,
                    yuan(item.amount) if item else "0.00",
                    "0.00",
                    "ORIGINAL" if item else "",
                    item.status if item else "",
                    request["description"],
                    request.get("attach", ""),
                    f"{charge:.5f}",
                    f"{FEE_RATE * 100:.2f}%",
                    yuan(order.total),
                    yuan(item.amount) if item else "0.00",
                    "",
                )
            )
        )
    lines.append(TRADE_SUMMARY)
    lines.append(
        _line((len(events), yuan(paid), yuan(refunded), "0.00", f"{fees:.5f}", yuan(paid), yuan(refunded)))
    )
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def fund_bill(orders: Iterable[Order], day: str) -> str:
    """The basic account's flow of `day`: takings, charges and refunds with the running balance."""
    lines, balance = [FUND_COLUMNS], Decimal(0)
    flows = sorted(_flows(orders, day), key=lambda one: one[0])
    if not flows:
        raise Refused(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
    for moment, number, name, kind, amount, voucher in flows:
        balance += amount
        direction = "收入" if amount >= 0 else "支出"
        values = (number, number + kind, name, kind, direction, f"{abs(amount):.2f}", f"{balance:.2f}")
        lines.append(_line((_clock(moment), *values, "system", "", voucher)))
    incoming = [one[4] for one in flows if one[4] >= 0]
    outgoing = [-one[4] for one in flows if one[4] < 0]
    lines.append(FUND_SUMMARY)
    totals = [f"{sum(part, Decimal(0)):.2f}" for part in (incoming, outgoing)]
    lines.append(_line((len(flows), len(incoming), totals[0], len(outgoing), totals[1])))
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


def _flows(orders: Iterable[Order], day: str) -> list[tuple[str, str, str, str, Decimal, str]]:
    """(time, WeChat's number, name, kind, amount in yuan, voucher) of everything that moved the balance on `day`."""
    moved: list[tuple[str, str, str, str, Decimal, str]] = []
    for order in orders:
        at, number = order.success_time or "", order.transaction_id or ""
        paid, voucher = Decimal(yuan(order.total)), order.out_trade_no
        moved.append((at, number, "交易", "交易", paid, voucher))
        moved.append((at, number, "交易", "扣除交易手续费", -fee(order.total), voucher))
        for item in order.refunds.values():
            back, charge = Decimal(yuan(item.amount)), fee(item.amount)
            numbers = item.refund_id, item.out_refund_no
            moved.append((item.created, numbers[0], "退款", "退款", -back, numbers[1]))
            moved.append((item.created, numbers[0], "退款", "退还交易手续费", charge, numbers[1]))
            if item.status == "CLOSED":
                moved.append((item.ended or "", numbers[0], "退款", "退款关闭", back, numbers[1]))
                moved.append((item.ended or "", numbers[0], "退款", "扣除交易手续费", -charge, numbers[1]))
    return [one for one in moved if one[0][:10] == day and one[4]]
