"""The daily journal as workbook: payments, transfers, sums over both as live formulas, the entries behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from cn_connect.excel_writer import COUNT, MONEY, TEXT, Formula, SheetWriter, new_book, to_bytes
from cn_connect.excel_writer import Column as SheetColumn
from cn_connect.money import ZERO
from cn_connect.sealed import Seal
from market_mgmt.services import terms
from market_mgmt.services.reports.common import Heading
from market_mgmt.services.reports.journal_balances import DEPOSITS, GOING_BACK, PREPAID_MONEY, Balance
from market_mgmt.services.reports.journal_data import Journal
from market_mgmt.services.reports.journal_described import Taking
from market_mgmt.services.reports.journal_rows import DEPOSIT, HELD, LATE_FEE, PARTS, REST

_TAKINGS, _TRANSFERS, _SUMS, _ENTRIES = "收款流水", "划转流水", "汇总", "当日分录"
_BEFORE_PARTS = (
    *(SheetColumn("序号", 5), SheetColumn("时间", 7), SheetColumn("类别", 8)),
    *(SheetColumn("收据号", 20, TEXT), SheetColumn("摊位", 12, TEXT), SheetColumn("商户", 12, TEXT)),
    SheetColumn("方式", 9),
)
# Too wide for a page: what says which row it is stands on every one, and a page begins at late fees and at the amount.
_REPEATED = 4
_PAGES = (len(_BEFORE_PARTS) + 1 + PARTS.index(LATE_FEE), len(_BEFORE_PARTS) + 1 + len(PARTS))
_CHANNEL = get_column_letter(len(_BEFORE_PARTS))
_LETTERS = {part: get_column_letter(len(_BEFORE_PARTS) + i) for i, part in enumerate(PARTS, start=1)}
_FIRST, _LAST = _LETTERS[PARTS[0]], _LETTERS[PARTS[-1]]
_AMOUNT = get_column_letter(len(_BEFORE_PARTS) + len(PARTS) + 1)


@dataclass(frozen=True)
class _Rows:
    """The rows of a sheet that hold its movements (a blank one when there are none)."""

    sheet: str
    first: int
    last: int

    def cells(self, letter: str) -> str:
        return f"{self.sheet}!${letter}${self.first}:${letter}${self.last}"


def workbook(journal: Journal, head: Heading, seal: Seal) -> bytes:
    book = new_book()
    takings = _rows_sheet(book, _TAKINGS, journal.takings, head, seal)
    # The sums come second, where people look for them; they refer to a sheet behind them.
    sums = SheetWriter(book, _SUMS, _SUM_COLUMNS, portrait=True)
    transfers = _rows_sheet(book, _TRANSFERS, journal.transfers, head, seal)
    head.write(sums, seal)
    _channel_sums(sums, journal, takings)
    _part_sums(sums, takings)
    for balance in journal.balances:
        _balance_sums(sums, balance)
    _comparison(sums, journal, takings, transfers)
    _entries_sheet(book, journal)
    return to_bytes(book, head.made_at, head.maker)


def _rows_sheet(book: Workbook, title: str, rows: Sequence[Taking], head: Heading, seal: Seal) -> _Rows:
    columns = [
        *_BEFORE_PARTS,
        *(SheetColumn(part, 12, MONEY) for part in PARTS),
        *(SheetColumn("收款金额", 13, MONEY), SheetColumn("核对", 8)),
        *(SheetColumn("支付单", 30, TEXT), SheetColumn("退款单", 24, TEXT)),
    ]
    writer = SheetWriter(book, title, columns)
    writer.side_by_side(1, _REPEATED, _PAGES)
    head.write(writer, seal)
    first = writer.header(freeze=True) + 1
    for number, row in enumerate(rows, start=1):
        called = [number, row.time, row.kind, row.receipt, row.stalls, row.merchant, row.channel]
        parts = [row.parts[part] for part in PARTS]
        writer.line([*called, *parts, row.amount, _adds_up(writer.row), row.order, row.voucher])
    if not rows:
        writer.line([None] * len(columns))
    last = writer.row - 1
    letters = [*_LETTERS.values(), _AMOUNT]
    sums = [Formula(f"=SUM({letter}{first}:{letter}{last})") for letter in letters]
    writer.line(
        ["合计", *[None] * (len(_BEFORE_PARTS) - 1), *sums, _adds_up(writer.row), None, None], total=True
    )
    return _Rows(title, first, last)


def _adds_up(row: int) -> Formula:
    return Formula(f'=IF(ROUND(SUM({_FIRST}{row}:{_LAST}{row})-{_AMOUNT}{row},2)=0,"正确","错误")')


_SUM_COLUMNS = [
    *(SheetColumn("项目", 26), SheetColumn("笔数", 12, COUNT), SheetColumn("金额（元）", 18, MONEY)),
]
_COMPARED_COLUMNS = [
    *(SheetColumn("与账目核对", 26), SheetColumn("结果", 12), SheetColumn("账目金额（元）", 18, MONEY)),
]


def _channel_sums(writer: SheetWriter, journal: Journal, takings: _Rows) -> None:
    """By channel: the usual ones always, others when they occur."""
    channels, amounts = takings.cells(_CHANNEL), takings.cells(_AMOUNT)
    writer.section("按收款方式")
    start = writer.header() + 1
    for channel in dict.fromkeys((*terms.CHANNELS.values(), *journal.by_channel())):
        name = f"A{writer.row}"
        count = Formula(f"=COUNTIF({channels},{name})")
        writer.line([channel, count, Formula(f"=SUMIF({channels},{name},{amounts})")])
    _total(writer, start, "合计")


def _part_sums(writer: SheetWriter, takings: _Rows) -> None:
    writer.section("按收费项目")
    start = writer.header() + 1
    for part, letter in _LETTERS.items():
        cells = takings.cells(letter)
        count = Formula(f'=COUNTIF({cells},"<>0")-COUNTBLANK({cells})')
        writer.line([part, count, Formula(f"=SUM({cells})")])
    _total(writer, start, "合计", count=False)


def _balance_sums(writer: SheetWriter, balance: Balance) -> None:
    writer.section(f"{balance.name}变动")
    start = writer.header() + 1
    writer.line([balance.opening_label, None, balance.opening])
    for movement in balance.movements:
        writer.line([movement.label, movement.count, movement.amount])
    _total(writer, start, balance.closing_label, count=False)


def _comparison(writer: SheetWriter, journal: Journal, takings: _Rows, transfers: _Rows) -> None:
    """What the ledger says beside what these sheets add up to: whoever changes a cell sees it here."""
    writer.section("与账目核对")
    writer.columns = _COMPARED_COLUMNS
    writer.header()
    _compared(writer, "收款合计", journal.total, f"SUM({takings.cells(_AMOUNT)})")
    for label, part, name in (
        ("预存款净增", REST, PREPAID_MONEY),
        ("押金净增", DEPOSIT, DEPOSITS),
        ("待退款净增", HELD, GOING_BACK),
    ):
        letter = _LETTERS[part]
        both = f"SUM({takings.cells(letter)})+SUM({transfers.cells(letter)})"
        _compared(writer, label, journal.balance(name).moved, both)


def _compared(writer: SheetWriter, label: str, ledger: Decimal, computed: str) -> None:
    result = Formula(f'=IF(ROUND({computed}-C{writer.row},2)=0,"一致","不符")')
    writer.line([label, result, ledger])


def _total(writer: SheetWriter, start: int, label: str, count: bool = True) -> None:
    last = writer.row - 1
    counts = Formula(f"=SUM(B{start}:B{last})") if count else None
    writer.line([label, counts, Formula(f"=SUM(C{start}:C{last})")], total=True)


def _entries_sheet(book: Workbook, journal: Journal) -> None:
    columns = [
        *(SheetColumn("分录号", 20, TEXT), SheetColumn("类型", 14)),
        *(SheetColumn("借方", 20), SheetColumn("贷方", 20), SheetColumn("金额", 14, MONEY)),
        *(SheetColumn("摊位", 14, TEXT), SheetColumn("费用", 30, TEXT), SheetColumn("支付单", 30, TEXT)),
    ]
    writer = SheetWriter(book, _ENTRIES, columns)
    start = writer.header(freeze=True) + 1
    for entry in journal.entries:
        writer.line(
            [
                *(entry.name, terms.entry_type(entry.entry_type)),
                *(terms.account(entry.debit_account), terms.account(entry.credit_account)),
                *(entry.amount, entry.stall, entry.fee, entry.payment_order),
            ]
        )
    total = Formula(f"=SUM(E{start}:E{writer.row - 1})") if journal.entries else ZERO
    writer.line(["合计", None, None, None, total, None, None, None], total=True)
