"""The bills of a day as WeChat Pay hands them out, read by the names of their columns, whose order and number vary.

CSV with a byte order mark, every value behind a back-tick, and a summary of two lines at the end. Amounts in yuan,
times naive China time. Source: WeChat Pay v3 documentation, "交易账单详细说明" and "资金账单详细说明"; some merchants
still get the bills of an earlier format, with other names for three columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from cn_connect.errors import ConnectError

PAYMENT, REFUND = "Payment", "Refund"
INCOME, EXPENSE = "Income", "Expense"
_TICK, _FREE_TEXT = "`", "商品名称"
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
            found = Decimal(self.text(column, *earlier))
        except InvalidOperation as error:
            raise self._unreadable(column) from error
        if not found.is_finite():
            raise self._unreadable(column)
        return found

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
    """The lines between header and summary. A name may hold commas, quotes and line ends, and nothing quotes them: what
    tells values apart is the back-tick in front of each."""
    header: list[str] = []
    number, begun, open_line = 0, 0, ""
    for text in content.decode("utf-8-sig", errors="replace").split("\n"):
        number += 1
        text = text.rstrip("\r")
        if not header:
            header = [name.strip().removeprefix(_TICK) for name in text.split(",")] if text.strip() else []
            continue
        ends = text.split(",", 1)[0].strip() == summary
        if open_line and (ends or text.startswith(_TICK)) and len(_values(open_line)) >= len(header):
            yield _Line(begun, _named(header, _values(open_line)))
            open_line = ""
        if ends and not open_line:
            return
        if open_line:
            open_line += f"\n{text}"
        elif text.strip():
            begun, open_line = number, text
    if open_line.strip():
        yield _Line(begun, _named(header, _values(open_line)))


def _values(line: str) -> list[str]:
    return [value.strip() for value in line.removeprefix(_TICK).split(f",{_TICK}")]


def _named(header: list[str], values: list[str]) -> dict[str, str]:
    """Values by column. What a name has too many is the name's: the columns before and after it keep theirs."""
    extra = len(values) - len(header)
    if extra > 0 and _FREE_TEXT in header:
        at = header.index(_FREE_TEXT)
        values = [*values[:at], f",{_TICK}".join(values[at : at + extra + 1]), *values[at + extra + 1 :]]
    return dict(zip(header, values, strict=False))
