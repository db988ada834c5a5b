"""The day's trade bill and fund-flow bill, as the gateway's CSV: every value behind a back-tick, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from simulators.wechat_pay.orders import Order, Refused

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


def _line(values: Iterable[object]) -> str:
    return ",".join(f"`{value}" for value in values)


def _clock(rfc3339: str) -> str:
    return rfc3339[:19].replace("T", " ")


def _events(orders: Iterable[Order], day: str) -> list[tuple[str, Order, str | None]]:
    """(time, order, out_refund_no or None) of everything that succeeded on `day` (YYYY-MM-DD)."""
    events: list[tuple[str, Order, str | None]] = []
    for order in orders:
        if (order.success_time or "").startswith(day):
            events.append((order.success_time or "", order, None))
        for item in order.refunds.values():
            if (item.success_time or "").startswith(day):
                events.append((item.success_time or "", order, item.out_refund_no))
    if not events:
        raise Refused(400, "NO_STATEMENT_EXIST", "请求的账单文件不存在")
    return sorted(events, key=lambda event: (event[0], event[1].out_trade_no))


def trade_bill(orders: Iterable[Order], day: str) -> str:
    """The trade bill of `day`; Refused(NO_STATEMENT_EXIST) when nothing happened."""
    lines, paid, refunded, fees = [TRADE_COLUMNS], 0, 0, Decimal(0)
    events = _events(orders, day)
    for moment, order, refund_number in events:
        request = order.request
        item = order.refunds[refund_number] if refund_number else None
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
    incoming: list[Decimal] = []
    outgoing: list[Decimal] = []

    def flow(moment: str, order: Order, name: str, kind: str, amount: Decimal, voucher: str) -> None:
        nonlocal balance
        (incoming if amount >= 0 else outgoing).append(abs(amount))
        balance += amount
        direction = "收入" if amount >= 0 else "支出"
        lines.append(
            _line(
                (
                    _clock(moment),
                    voucher,
                    voucher + kind,
                    name,
                    kind,
                    direction,
                    f"{abs(amount):.2f}",
                    f"{balance:.2f}",
                    "system",
                    "",
                    order.out_trade_no,
                )
            )
        )

    for moment, order, refund_number in _events(orders, day):
        number = order.transaction_id or ""
        if refund_number:
            item = order.refunds[refund_number]
            flow(moment, order, "退款", "退款", -Decimal(yuan(item.amount)), item.refund_id)
        else:
            flow(moment, order, "公众号支付", "交易", Decimal(yuan(order.total)), number)
            flow(moment, order, "公众号支付", "扣除交易手续费", -fee(order.total), number)
    lines.append(FUND_SUMMARY)
    lines.append(
        _line(
            (
                len(incoming) + len(outgoing),
                len(incoming),
                f"{sum(incoming, Decimal(0)):.2f}",
                len(outgoing),
                f"{sum(outgoing, Decimal(0)):.2f}",
            )
        )
    )
    return "\ufeff" + "\r\n".join(lines) + "\r\n"
