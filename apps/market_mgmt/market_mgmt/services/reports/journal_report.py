"""Daily journal (日流水账): every payment of a day with what it was for, the sums, and how the receivables moved."""

from __future__ import annotations

from datetime import date, datetime

from openpyxl import Workbook

from cn_connect.excel_writer import COUNT, MONEY, TEXT, Formula, SheetWriter, new_book, to_bytes
from cn_connect.excel_writer import Column as SheetColumn
from cn_connect.money import ZERO, format_yuan
from cn_connect.sealed import Seal
from market_mgmt.services import terms
from market_mgmt.services.reports import journal_data, layout
from market_mgmt.services.reports.common import Heading, heading
from market_mgmt.services.reports.journal_data import PARTS, Journal
from market_mgmt.services.reports.layout import Column, Figure, Report, ReportFile

KIND = "Daily Journal"
_TAKINGS, _SUMS, _ENTRIES = "收款流水", "汇总", "当日分录"


def build(market: str, day: date, made_at: datetime | None = None) -> ReportFile:
    """The journal of a market's day as PDF and workbook. Raises PdfUnavailable when no PDF can be made."""
    journal = journal_data.read(market, day)
    head = heading(market, "日流水账", f"{day:%Y年%m月%d日}", f"RLS-{market}-{day:%Y%m%d}", made_at)
    data = journal.as_dict()
    seal = head.seal(KIND, data)
    return ReportFile(layout.render(_report(journal, head), seal), _workbook(journal, head, seal), data)


def _report(journal: Journal, head: Heading) -> Report:
    utilities = journal.part("水费") + journal.part("电费")
    figures = [
        Figure("收款笔数", str(len(journal.takings))),
        Figure("收款合计", f"￥{format_yuan(journal.total)}", "good"),
        Figure("其中租金", f"￥{format_yuan(journal.part('租金'))}"),
        Figure("其中水电费", f"￥{format_yuan(utilities)}"),
        Figure("其中滞纳金", f"￥{format_yuan(journal.part('滞纳金'))}"),
        Figure("日终应收", f"￥{format_yuan(journal.closing)}"),
    ]
    channels = journal.by_channel()
    return Report(
        title=head.title,
        subtitle=head.subtitle,
        market_name=head.market_name,
        meta=head.meta,
        figures=figures,
        blocks=[
            _takings_block(journal),
            layout.block(
                "按收款方式",
                [
                    Column("收款方式", 5),
                    Column("笔数", 3, "count"),
                    Column("金额（元）", 5, "money"),
                    Column(""),
                ],
                [[channel or "其他", count, amount, ""] for channel, (count, amount) in channels.items()],
                ["合计", len(journal.takings), journal.total, ""],
            ),
            _movements_block(journal),
        ],
        notes=[
            "收款金额＝各项费用＋滞纳金＋转入预存；转入预存为负表示动用了以前的预存。",
            "退款与撤销的收款以负数列示。数据取自不可更改的账目分录。",
        ],
        watermark=head.watermark,
        paper="A4 landscape",
    )


def _takings_block(journal: Journal) -> layout.Block:
    columns = [
        *(Column("序号", 1.2, "center"), Column("时间", 1.5, "center"), Column("收据号", 3.1)),
        *(Column("摊位", 2.4), Column("商户"), Column("方式", 1.9)),
        *(Column(part, 2.05, "money") for part in PARTS),
        Column("收款金额", 2.5, "money"),
    ]
    rows = [
        [
            number,
            t.time,
            t.receipt,
            t.stalls,
            t.merchant,
            t.channel,
            *(t.parts[p] or None for p in PARTS),
            t.amount,
        ]
        for number, t in enumerate(journal.takings, start=1)
    ]
    total = ["", "", "合计", "", "", "", *(journal.part(part) for part in PARTS), journal.total]
    return layout.block("收款流水", columns, rows, total if rows else None)


def _movements_block(journal: Journal) -> layout.Block:
    columns = [Column("项目", 5), Column("笔数", 3, "count"), Column("金额（元）", 5, "money"), Column("")]
    rows: list[list[object]] = [["日初应收（含滞纳金）", None, journal.opening, ""]]
    rows += [[movement.label, movement.count, movement.amount, ""] for movement in journal.movements]
    return layout.block("应收账款变动", columns, rows, ["日终应收（含滞纳金）", None, journal.closing, ""])


def _workbook(journal: Journal, head: Heading, seal: Seal) -> bytes:
    book = new_book()
    first, last = _takings_sheet(book, journal, head, seal)
    _sums_sheet(book, journal, head, seal, first, last)
    _entries_sheet(book, journal)
    return to_bytes(book, head.made_at, head.maker)


def _takings_sheet(book: Workbook, journal: Journal, head: Heading, seal: Seal) -> tuple[int, int]:
    """Sheet of payments; returns the rows of the first and the last (a blank one when there were none)."""
    columns = [
        *(SheetColumn("序号", 6), SheetColumn("时间", 8), SheetColumn("收据号", 18, TEXT)),
        *(SheetColumn("摊位", 14, TEXT), SheetColumn("商户", 18, TEXT), SheetColumn("方式", 10)),
        *(SheetColumn(part, 12, MONEY) for part in PARTS),
        *(SheetColumn("收款金额", 13, MONEY), SheetColumn("核对", 8)),
    ]
    writer = SheetWriter(book, _TAKINGS, columns)
    head.write(writer, seal)
    first = writer.header(freeze=True) + 1
    for number, t in enumerate(journal.takings, start=1):
        row = writer.row
        check = Formula(f'=IF(ROUND(SUM(G{row}:L{row})-M{row},2)=0,"正确","错误")')
        parts = [t.parts[part] for part in PARTS]
        writer.line([number, t.time, t.receipt, t.stalls, t.merchant, t.channel, *parts, t.amount, check])
    if not journal.takings:
        writer.line([None] * len(columns))
    last = writer.row - 1
    sums = [Formula(f"=SUM({letter}{first}:{letter}{last})") for letter in "GHIJKLM"]
    check = Formula(f'=IF(ROUND(SUM(G{writer.row}:L{writer.row})-M{writer.row},2)=0,"正确","错误")')
    writer.line(["合计", None, None, None, None, None, *sums, check], total=True)
    return first, last


def _sums_sheet(book: Workbook, journal: Journal, head: Heading, seal: Seal, first: int, last: int) -> None:
    columns = [SheetColumn("项目", 26), SheetColumn("笔数", 12, COUNT), SheetColumn("金额（元）", 18, MONEY)]
    writer = SheetWriter(book, _SUMS, columns, portrait=True)
    head.write(writer, seal)
    channels = f"{_TAKINGS}!$F${first}:$F${last}"
    amounts = f"{_TAKINGS}!$M${first}:$M${last}"
    writer.section("按收款方式")
    start = writer.header() + 1
    for channel in terms.CHANNELS.values():
        name = f"A{writer.row}"
        writer.line(
            [
                channel,
                Formula(f"=COUNTIF({channels},{name})"),
                Formula(f"=SUMIF({channels},{name},{amounts})"),
            ]
        )
    _total(writer, start, "合计")
    writer.section("按收费项目")
    start = writer.header() + 1
    for letter, part in zip("GHIJKL", PARTS, strict=True):
        cells = f"{_TAKINGS}!{letter}{first}:{letter}{last}"
        writer.line(
            [part, Formula(f'=COUNTIF({cells},"<>0")-COUNTBLANK({cells})'), Formula(f"=SUM({cells})")]
        )
    _total(writer, start, "合计", count=False)
    writer.section("应收账款变动")
    start = writer.header() + 1
    writer.line(["日初应收（含滞纳金）", None, journal.opening])
    for movement in journal.movements:
        writer.line([movement.label, movement.count, movement.amount])
    _total(writer, start, "日终应收（含滞纳金）", count=False)


def _total(writer: SheetWriter, start: int, label: str, count: bool = True) -> None:
    last = writer.row - 1
    counts = Formula(f"=SUM(B{start}:B{last})") if count else None
    writer.line([label, counts, Formula(f"=SUM(C{start}:C{last})")], total=True)


def _entries_sheet(book: Workbook, journal: Journal) -> None:
    columns = [
        *(
            SheetColumn("分录号", 20, TEXT),
            SheetColumn("类型", 14),
            SheetColumn("借方", 20),
            SheetColumn("贷方", 20),
        ),
        *(SheetColumn("金额", 14, MONEY), SheetColumn("摊位", 14, TEXT), SheetColumn("费用", 30, TEXT)),
        SheetColumn("支付单", 30, TEXT),
    ]
    writer = SheetWriter(book, _ENTRIES, columns)
    start = writer.header(freeze=True) + 1
    for entry in journal.entries:
        writer.line(
            [
                *(entry["name"], terms.ENTRY_TYPES[entry["entry_type"]]),
                *(terms.ACCOUNTS[entry["debit_account"]], terms.ACCOUNTS[entry["credit_account"]]),
                *(entry["amount"], entry["stall"], entry["fee"], entry["payment_order"]),
            ]
        )
    total = Formula(f"=SUM(E{start}:E{writer.row - 1})") if journal.entries else ZERO
    writer.line(["合计", None, None, None, total, None, None, None], total=True)
