"""Collection analysis (缴费率分析): the share of a period's bills that was received, by floor, area, fee type and staff."""

from __future__ import annotations

from datetime import date, datetime

from cn_connect.money import format_yuan
from market_mgmt.services.reports import collection_data, layout
from market_mgmt.services.reports.collection_data import Collection, Sums
from market_mgmt.services.reports.collection_workbook import groups, workbook
from market_mgmt.services.reports.common import Heading, heading
from market_mgmt.services.reports.layout import Block, Column, Figure, Report, ReportFile

KIND = "Collection Analysis"
_GOOD, _BAD = 0.9, 0.6


def build(market: str, period: str, as_of: date, made_at: datetime | None = None) -> ReportFile:
    """The analysis of a market's period as PDF and workbook. Raises PdfUnavailable when no PDF can be made."""
    found = collection_data.read(market, period, as_of)
    number = f"JFL-{market}-{period.replace('-', '')}-{as_of:%Y%m%d}"
    subtitle = f"账期 {period}，截至 {as_of:%Y年%m月%d日}"
    head = heading(market, "缴费率分析", subtitle, number, made_at)
    data = found.as_dict()
    seal = head.seal(KIND, data)
    return ReportFile(layout.render(_report(found, head), seal), workbook(found, head, seal), data)


def _report(found: Collection, head: Heading) -> Report:
    total = found.total
    sums = total.figures
    tone = "" if total.rate is None else "good" if total.rate >= _GOOD else "bad" if total.rate < _BAD else ""
    return Report(
        title=head.title,
        subtitle=head.subtitle,
        market_name=head.market_name,
        meta=head.meta,
        figures=[
            Figure("当期收缴率", layout.percent(total.rate), tone),
            Figure("到期收缴率", layout.percent(found.due.rate)),
            Figure("应收", f"￥{format_yuan(sums.charged)}"),
            Figure("减免", f"￥{format_yuan(sums.waived)}"),
            Figure("已收", f"￥{format_yuan(sums.received)}"),
            Figure("未收", f"￥{format_yuan(sums.outstanding)}", "bad" if sums.outstanding else ""),
        ],
        blocks=[
            *(
                _sums_block(title, title.removeprefix("按"), found.by(key), total)
                for title, key, _letter in groups(found)
            ),
            _sums_block(
                f"到期收缴率：{found.period} 到期的费用",
                "账期",
                collection_data.grouped(found.due_lines, lambda line: line.period),
                found.due,
            ),
            *([_sums_block("以前账期欠费回收", "账期", found.earlier, None)] if found.earlier else []),
            _top_block(found),
        ],
        notes=[
            "收缴率＝已收本金÷（应收本金－减免）；减免不算已收，滞纳金不计入；取自不可更改的账目分录。",
            f"当期收缴率统计账期 {found.period} 的费用；到期收缴率统计应缴日期在 {found.period} 的费用，不论账期。",
            "欠费摊位前十名含以前账期，只列摊位号，不列姓名。",
        ],
        watermark=head.watermark,
    )


def _sums_block(title: str, label: str, groups: list[Sums], total: Sums | None) -> Block:
    columns = [
        *(Column(label), Column("笔数", 1.4, "count"), Column("应收（元）", 2.7, "money")),
        *(
            Column("减免（元）", 2.2, "money"),
            Column("已收（元）", 2.7, "money"),
            Column("未收（元）", 2.6, "money"),
        ),
        Column("收缴率", 3.9, "bar"),
    ]
    return layout.block(
        title, columns, [_sums_row(group) for group in groups], _sums_row(total) if total else None
    )


def _sums_row(sums: Sums) -> list[object]:
    of = sums.figures
    return [sums.label, sums.count, of.charged, of.waived, of.received, of.outstanding, of.rate]


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
