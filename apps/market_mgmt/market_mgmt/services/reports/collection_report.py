"""Collection analysis (缴费率分析): the share of a period's bills that was paid, by floor, area, fee type and staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from openpyxl import Workbook

from cn_connect.excel_writer import COUNT, DATE, MONEY, RATE, TEXT, Formula, SheetWriter, new_book, to_bytes
from cn_connect.excel_writer import Column as SheetColumn
from cn_connect.money import format_yuan
from cn_connect.sealed import Seal
from market_mgmt.services.reports import collection_data, layout
from market_mgmt.services.reports.collection_data import Collection, FeeLine, Sums
from market_mgmt.services.reports.common import Heading, heading
from market_mgmt.services.reports.layout import Block, Column, Figure, Report, ReportFile

KIND = "Collection Analysis"
_SUMMARY, _DETAIL = "缴费率", "费用明细"
_BY_STAFF = "按责任人"
# Heading, property of a bill, and its column in the sheet of details.
_GROUPS: tuple[tuple[str, Callable[[FeeLine], str], str], ...] = (
    ("按楼层", lambda line: line.floor, "C"),
    ("按片区", lambda line: line.area, "D"),
    ("按费用类型", lambda line: line.fee_type, "F"),
    (_BY_STAFF, lambda line: line.staff, "E"),
)
_GOOD, _BAD = 0.9, 0.6


def build(market: str, period: str, as_of: date, made_at: datetime | None = None) -> ReportFile:
    """The analysis of a market's period as PDF and workbook. Raises PdfUnavailable when no PDF can be made."""
    found = collection_data.read(market, period, as_of)
    number = f"JFL-{market}-{period.replace('-', '')}-{as_of:%Y%m%d}"
    subtitle = f"账期 {period}，截至 {as_of:%Y年%m月%d日}"
    head = heading(market, "缴费率分析", subtitle, number, made_at)
    data = found.as_dict()
    seal = head.seal(KIND, data)
    return ReportFile(layout.render(_report(found, head), seal), _workbook(found, head, seal), data)


def _report(found: Collection, head: Heading) -> Report:
    total = found.total
    tone = "" if total.rate is None else "good" if total.rate >= _GOOD else "bad" if total.rate < _BAD else ""
    return Report(
        title=head.title,
        subtitle=head.subtitle,
        market_name=head.market_name,
        meta=head.meta,
        figures=[
            Figure("缴费率", layout.percent(total.rate), tone),
            Figure("应收", f"￥{format_yuan(total.charged)}"),
            Figure("减免", f"￥{format_yuan(total.waived)}"),
            Figure("已收", f"￥{format_yuan(total.paid)}"),
            Figure("未收", f"￥{format_yuan(total.outstanding)}", "bad" if total.outstanding else ""),
        ],
        blocks=[
            *(
                _sums_block(title, title.removeprefix("按"), found.by(key), total)
                for title, key, _letter in _groups(found)
            ),
            *([_sums_block("以前账期欠费回收", "账期", found.earlier, None)] if found.earlier else []),
            _top_block(found),
        ],
        notes=[
            "缴费率＝已收本金÷（应收本金－减免），按账期统计，滞纳金不计入；取自不可更改的账目分录。",
            "欠费摊位前十名含以前账期，只列摊位号，不列姓名。",
        ],
        watermark=head.watermark,
    )


def _groups(found: Collection) -> list[tuple[str, Callable[[FeeLine], str], str]]:
    """The groupings that say something: by staff only where staff are named."""
    named = {line.staff for line in found.lines} - {collection_data.UNASSIGNED}
    return [group for group in _GROUPS if group[0] != _BY_STAFF or named]


def _sums_block(title: str, label: str, groups: list[Sums], total: Sums | None) -> Block:
    columns = [
        *(Column(label), Column("笔数", 1.4, "count"), Column("应收（元）", 2.7, "money")),
        *(
            Column("减免（元）", 2.2, "money"),
            Column("已收（元）", 2.7, "money"),
            Column("未收（元）", 2.6, "money"),
        ),
        Column("缴费率", 3.9, "bar"),
    ]
    return layout.block(
        title, columns, [_sums_row(group) for group in groups], _sums_row(total) if total else None
    )


def _sums_row(sums: Sums) -> list[object]:
    return [sums.label, sums.count, sums.charged, sums.waived, sums.paid, sums.outstanding, sums.rate]


def _top_block(found: Collection) -> Block:
    columns = [
        *(
            Column("序号", 1.2, "center"),
            Column("摊位", 2.2),
            Column("片区"),
            Column("欠费笔数", 2.2, "count"),
        ),
        *(Column("最早应缴日期", 3.2, "center"), Column("欠费（元）", 3.2, "money")),
    ]
    rows = [
        [number, row.stall_no, row.area, row.count, row.oldest_due or "", row.outstanding]
        for number, row in enumerate(found.top, start=1)
    ]
    return layout.block("欠费摊位前十名", columns, rows)


def _workbook(found: Collection, head: Heading, seal: Seal) -> bytes:
    book = new_book()
    summary = SheetWriter(book, _SUMMARY, _SUM_COLUMNS, portrait=True)
    first, last = _detail_sheet(book, found)
    head.write(summary, seal)
    for title, key, letter in _groups(found):
        summary.section(title)
        start = summary.header() + 1
        for group in found.by(key):
            _sums_line(summary, group.label, letter, first, last)
        _total_line(summary, start)
    return to_bytes(book, head.made_at, head.maker)


_SUM_COLUMNS = [
    *(SheetColumn("项目", 20), SheetColumn("笔数", 10, COUNT), SheetColumn("应收（元）", 16, MONEY)),
    *(
        SheetColumn("减免（元）", 14, MONEY),
        SheetColumn("已收（元）", 16, MONEY),
        SheetColumn("未收（元）", 16, MONEY),
    ),
    SheetColumn("缴费率", 12, RATE),
]


def _sums_line(writer: SheetWriter, label: str, letter: str, first: int, last: int) -> None:
    """One group; its figures are sums over the sheet of details."""
    row = writer.row
    keys = f"{_DETAIL}!${letter}${first}:${letter}${last}"
    sums = [f"=SUMIFS({_DETAIL}!${c}${first}:${c}${last},{keys},$A{row})" for c in "IJK"]
    writer.line([label, Formula(f"=COUNTIF({keys},$A{row})"), *map(Formula, sums), *_derived(row)])


def _total_line(writer: SheetWriter, start: int) -> None:
    row = writer.row
    sums = [Formula(f"=SUM({letter}{start}:{letter}{row - 1})") for letter in "BCDE"]
    writer.line(["合计", *sums, *_derived(row)], total=True)


def _derived(row: int) -> list[Formula]:
    rate = f'=IF(C{row}-D{row}=0,"",E{row}/(C{row}-D{row}))'
    return [Formula(f"=C{row}-D{row}-E{row}"), Formula(rate)]


def _detail_sheet(book: Workbook, found: Collection) -> tuple[int, int]:
    """One row per bill; returns the rows of the first and the last (a blank one when there are none)."""
    columns = [
        *(SheetColumn("费用", 34, TEXT), SheetColumn("摊位", 10, TEXT), SheetColumn("楼层", 10)),
        *(SheetColumn("片区", 16), SheetColumn("责任人", 12), SheetColumn("费用类型", 12)),
        *(SheetColumn("账期", 10, TEXT), SheetColumn("应缴日期", 12, DATE), SheetColumn("应收", 14, MONEY)),
        *(SheetColumn("减免", 12, MONEY), SheetColumn("已收", 14, MONEY), SheetColumn("未收", 14, MONEY)),
        SheetColumn("缴费率", 10, RATE),
    ]
    writer = SheetWriter(book, _DETAIL, columns)
    first = writer.header(freeze=True) + 1
    for line in found.lines:
        row = writer.row
        place = [
            line.fee,
            line.stall_no,
            line.floor,
            line.area,
            line.staff,
            line.fee_type,
            line.period,
            line.due_date,
        ]
        left = Formula(f"=I{row}-J{row}-K{row}")
        rate = Formula(f'=IF(I{row}-J{row}=0,"",K{row}/(I{row}-J{row}))')
        writer.line([*place, line.charged, line.waived, line.paid, left, rate])
    if not found.lines:
        writer.line([None] * len(columns))
    last = writer.row - 1
    row = writer.row
    sums = [Formula(f"=SUM({letter}{first}:{letter}{last})") for letter in "IJKL"]
    rate = Formula(f'=IF(I{row}-J{row}=0,"",K{row}/(I{row}-J{row}))')
    writer.line(["合计", *[None] * 7, *sums, rate], total=True)
    return first, last
