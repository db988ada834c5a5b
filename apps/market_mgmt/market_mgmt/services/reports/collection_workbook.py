"""The collection analysis as workbook: every sum and rate a live formula over the sheets of bills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from openpyxl import Workbook

from cn_connect.excel_writer import COUNT, DATE, MONEY, RATE, TEXT, Formula, SheetWriter, new_book, to_bytes
from cn_connect.excel_writer import Column as SheetColumn
from cn_connect.sealed import Seal
from market_mgmt.services.reports import collection_data
from market_mgmt.services.reports.collection_data import Collection, FeeLine
from market_mgmt.services.reports.common import Heading

_SUMMARY, _DETAIL, _DUE = "缴费率", "费用明细", "到期费用"
_BY_STAFF = "按责任人"
Group = tuple[str, Callable[[FeeLine], str], str]
# Heading, property of a bill, and its column in the sheets of bills.
_GROUPS: tuple[Group, ...] = (
    ("按楼层", lambda line: line.floor, "C"),
    ("按片区", lambda line: line.area, "D"),
    ("按费用类型", lambda line: line.fee_type, "F"),
    (_BY_STAFF, lambda line: line.staff, "E"),
)
_PERIOD, _MONEY_LETTERS = "G", "IJK"


@dataclass(frozen=True)
class _Bills:
    """The rows of a sheet of bills (a blank one when there are none)."""

    sheet: str
    first: int
    last: int

    def cells(self, letter: str) -> str:
        return f"{self.sheet}!${letter}${self.first}:${letter}${self.last}"


def groups(found: Collection) -> list[Group]:
    """The groupings that say something: by staff only where staff are named."""
    named = {line.staff for line in found.lines} - {collection_data.UNASSIGNED}
    return [group for group in _GROUPS if group[0] != _BY_STAFF or named]


def workbook(found: Collection, head: Heading, seal: Seal) -> bytes:
    book = new_book()
    summary = SheetWriter(book, _SUMMARY, _SUM_COLUMNS, portrait=True)
    bills = _bills_sheet(book, _DETAIL, found.lines)
    due = _bills_sheet(book, _DUE, found.due_lines)
    head.write(summary, seal)
    summary.section("收缴率")
    summary.header()
    _whole_line(summary, f"当期收缴率（账期 {found.period}）", bills)
    _whole_line(summary, f"到期收缴率（{found.period} 到期）", due)
    periods = (line.period for line in found.due_lines)
    _section(summary, f"{found.period} 到期的费用，按账期", periods, _PERIOD, due)
    for title, key, letter in groups(found):
        _section(summary, title, (key(line) for line in found.lines), letter, bills)
    return to_bytes(book, head.made_at, head.maker)


_SUM_COLUMNS = [
    *(SheetColumn("项目", 28), SheetColumn("笔数", 10, COUNT), SheetColumn("应收（元）", 16, MONEY)),
    *(SheetColumn("减免（元）", 14, MONEY), SheetColumn("已收（元）", 16, MONEY)),
    *(SheetColumn("未收（元）", 16, MONEY), SheetColumn("收缴率", 12, RATE)),
]


def _section(writer: SheetWriter, title: str, labels: Iterable[str], letter: str, bills: _Bills) -> None:
    writer.section(title)
    start = writer.header() + 1
    for label in dict.fromkeys(labels):
        _sums_line(writer, label, letter, bills)
    _total_line(writer, start)


def _whole_line(writer: SheetWriter, label: str, bills: _Bills) -> None:
    """All bills of a sheet."""
    row = writer.row
    sums = [Formula(f"=SUM({bills.cells(letter)})") for letter in _MONEY_LETTERS]
    writer.line([label, Formula(f"=COUNTA({bills.cells('A')})"), *sums, *_derived(row)])


def _sums_line(writer: SheetWriter, label: str, letter: str, bills: _Bills) -> None:
    """One group; its figures are sums over the sheet of bills.

    By EXACT: SUMIF takes "1" and "01" for the same floor, and "A*" for every area that begins with A.
    """
    row = writer.row
    same = f"EXACT({bills.cells(letter)},$A{row})"
    sums = [Formula(f"=SUMPRODUCT({same}*{bills.cells(c)})") for c in _MONEY_LETTERS]
    writer.line([label, Formula(f"=SUMPRODUCT({same}*1)"), *sums, *_derived(row)])


def _total_line(writer: SheetWriter, start: int) -> None:
    row = writer.row
    # Without a group there is no row to add up.
    sums = [Formula(f"=SUM({letter}{start}:{letter}{row - 1})") if row > start else 0 for letter in "BCDE"]
    writer.line(["合计", *sums, *_derived(row)], total=True)


def _derived(row: int) -> list[Formula]:
    rate = f'=IF(C{row}-D{row}=0,"",E{row}/(C{row}-D{row}))'
    return [Formula(f"=C{row}-D{row}-E{row}"), Formula(rate)]


def _bills_sheet(book: Workbook, title: str, lines: Sequence[FeeLine]) -> _Bills:
    """One row per bill."""
    columns = [
        *(SheetColumn("费用", 34, TEXT), SheetColumn("摊位", 10, TEXT), SheetColumn("楼层", 10, TEXT)),
        *(SheetColumn("片区", 16, TEXT), SheetColumn("责任人", 12, TEXT), SheetColumn("费用类型", 12, TEXT)),
        *(SheetColumn("账期", 10, TEXT), SheetColumn("应缴日期", 12, DATE), SheetColumn("应收", 14, MONEY)),
        *(SheetColumn("减免", 12, MONEY), SheetColumn("已收", 14, MONEY), SheetColumn("未收", 14, MONEY)),
        SheetColumn("收缴率", 10, RATE),
    ]
    writer = SheetWriter(book, title, columns)
    first = writer.header(freeze=True) + 1
    for line in lines:
        row = writer.row
        place = [line.fee, line.stall_no, line.floor, line.area, line.staff, line.fee_type, line.period]
        of = line.figures
        writer.line([*place, line.due_date, of.charged, of.waived, of.received, *_left(row)])
    if not lines:
        writer.line([None] * len(columns))
    last = writer.row - 1
    sums = [Formula(f"=SUM({letter}{first}:{letter}{last})") for letter in _MONEY_LETTERS]
    writer.line(["合计", *[None] * 7, *sums, *_left(writer.row)], total=True)
    return _Bills(title, first, last)


def _left(row: int) -> list[Formula]:
    rate = f'=IF(I{row}-J{row}=0,"",K{row}/(I{row}-J{row}))'
    return [Formula(f"=I{row}-J{row}-K{row}"), Formula(rate)]
