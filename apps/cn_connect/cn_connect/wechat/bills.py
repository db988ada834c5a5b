"""The bills of a day as WeChat Pay hands them out, read by the names of their columns, whose order and number vary.

CSV with a byte order mark, every value behind a back-tick, and a summary of two lines at the end. Amounts in yuan,
times naive China time. Source: WeChat Pay v3 documentation, "交易账单详细说明" and "资金账单详细说明"; some merchants
still get the bills of an earlier format, with other names for three columns.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from cn_connect.errors import ConnectError

PAYMENT, REFUND = "Payment", "Refund"
INCOME, EXPENSE = "Income", "Expense"
_TRADE_SUMMARY, _FUND_SUMMARY = "总交易单数", "资金流水总笔数"


class BillUnreadable(ConnectError):
    """A bill lacks a column, or a value of it cannot be read; the message says which, and in which line."""

    error_code = "BILL_UNREADABLE"
    http_status_code = 503


@dataclass(frozen=True)
class TradeRow:
    """A payment of the day, or a refund that was accepted on it, whatever became of it.

    `number` is ours (out_trade_no, out_refund_no); `fee` is what WeChat keeps.
    """

    kind: str
    number: str
    out_trade_no: str
    transaction_id: str
    amount: Decimal
    fee: Decimal
    at: datetime
    mchid: str
    sub_mchid: str | None


@dataclass(frozen=True)
class FundRow:
    """A movement of the account: income or expense, and what for (`business`, e.g. 交易, 扣除交易手续费, 退款)."""

    direction: str
    business: str
    amount: Decimal
    voucher: str


def trade_rows(content: bytes) -> list[TradeRow]:
    """The payments and refunds of a trade bill; none for an empty one. Raises BillUnreadable."""
    return [_trade_row(line) for line in _lines(content, _TRADE_SUMMARY)]


def fund_rows(content: bytes) -> list[FundRow]:
    """The movements of a fund bill; none for an empty one. Raises BillUnreadable."""
    return [
        FundRow(
            INCOME if line.text("收支类型") == "收入" else EXPENSE,
            line.text("业务类型"),
            line.amount("收支金额(元)"),
            line.text("业务凭证号"),
        )
        for line in _lines(content, _FUND_SUMMARY)
    ]


@dataclass(frozen=True)
class _Line:
    """A line of a bill by column names."""

    number: int
    values: dict[str, str]

    def text(self, column: str, *earlier: str) -> str:
        for name in (column, *earlier):
            if name in self.values:
                return self.values[name]
        raise BillUnreadable("The bill has no column {0}.", column)

    def amount(self, column: str, *earlier: str) -> Decimal:
        try:
            return Decimal(self.text(column, *earlier))
        except InvalidOperation as error:
            raise self._unreadable(column) from error

    def time(self, column: str) -> datetime:
        try:
            return datetime.fromisoformat(self.text(column))
        except ValueError as error:
            raise self._unreadable(column) from error

    def _unreadable(self, column: str) -> BillUnreadable:
        return BillUnreadable("Line {0} of the bill: {1} is unreadable.", self.number, column)


def _trade_row(line: _Line) -> TradeRow:
    refund = line.text("交易状态") == "REFUND"
    payee = line.text("特约商户号", "子商户号")
    return TradeRow(
        kind=REFUND if refund else PAYMENT,
        number=line.text("商户退款单号" if refund else "商户订单号"),
        out_trade_no=line.text("商户订单号"),
        transaction_id=line.text("微信订单号"),
        amount=line.amount("申请退款金额", "退款金额") if refund else line.amount("订单金额", "总金额"),
        fee=line.amount("手续费"),
        at=line.time("交易时间"),
        mchid=line.text("商户号"),
        sub_mchid=None if payee in ("", "0") else payee,
    )


def _lines(content: bytes, summary: str) -> Iterator[_Line]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    header: list[str] | None = None
    for number, row in enumerate(rows, start=1):
        values = [value.strip().removeprefix("`") for value in row]
        if not any(values):
            continue
        if header is None:
            header = values
        elif values[0] == summary:
            return
        else:
            yield _Line(number, dict(zip(header, values, strict=False)))
