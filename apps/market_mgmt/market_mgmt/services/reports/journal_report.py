"""Daily journal (日流水账): every payment of a day with what it was for, the sums, and how the balances moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from cn_connect.money import ZERO, format_yuan
from market_mgmt.services.reports import journal_data, layout
from market_mgmt.services.reports.common import Heading, heading
from market_mgmt.services.reports.journal_balances import OWED, Balance
from market_mgmt.services.reports.journal_data import Journal
from market_mgmt.services.reports.journal_described import Taking
from market_mgmt.services.reports.journal_rows import (
    DEPOSIT,
    HELD,
    LATE_FEE,
    PARTS,
    POWER,
    REMAINDER,
    RENT,
    SHORT,
    WATER,
)
from market_mgmt.services.reports.journal_workbook import workbook
from market_mgmt.services.reports.layout import Block, Column, Figure, Report, ReportFile

KIND = "Daily Journal"
# Shown on paper only on days that have some.
_SELDOM = (HELD, SHORT, REMAINDER)


def build(market: str, day: date, made_at: datetime | None = None) -> ReportFile:
    """The journal of a market's day as PDF and workbook.

    Raises ValidationError when its figures are not the ledger's, PdfUnavailable when no PDF can be made.
    """
    journal = journal_data.read(market, day)
    head = heading(market, "日流水账", f"{day:%Y年%m月%d日}", f"RLS-{market}-{day:%Y%m%d}", made_at)
    data = journal.as_dict()
    seal = head.seal(KIND, data)
    return ReportFile(layout.render(_report(journal, head), seal), workbook(journal, head, seal), data)


def _report(journal: Journal, head: Heading) -> Report:
    figures = [
        Figure("收付笔数", str(len(journal.takings))),
        Figure("收款合计", f"￥{format_yuan(journal.total)}", "good"),
        Figure("其中租金", f"￥{format_yuan(journal.part(RENT))}"),
        Figure("其中水电费", f"￥{format_yuan(journal.part(WATER) + journal.part(POWER))}"),
        Figure("其中滞纳金", f"￥{format_yuan(journal.part(LATE_FEE))}"),
        Figure("其中押金", f"￥{format_yuan(journal.part(DEPOSIT))}"),
        Figure("日终应收", f"￥{format_yuan(journal.owed.closing)}"),
    ]
    moved = [balance for balance in journal.balances if balance.movements or balance.name == OWED]
    return Report(
        title=head.title,
        subtitle=head.subtitle,
        market_name=head.market_name,
        meta=head.meta,
        figures=figures,
        blocks=[
            _rows_block("收款流水", journal.takings, "收款金额"),
            _channels_block(journal),
            *([_rows_block("划转流水（不收付现款）", journal.transfers, None)] if journal.transfers else []),
            *(_balance_block(balance) for balance in moved),
        ],
        notes=[
            "收款金额＝各项费用＋滞纳金＋押金＋转入预存＋待退款＋长短款＋其他往来；转入预存为负表示动用了以前的预存或退出了预存。",
            "退款与撤销的收款以负数列示。数据取自不可更改的账目分录，各项合计与账目相符才会出具。",
        ],
        watermark=head.watermark,
        paper="A4 landscape",
    )


def _channels_block(journal: Journal) -> Block:
    columns = [
        *(Column("收款方式", 5), Column("笔数", 3, "count"), Column("金额（元）", 5, "money"), Column(""))
    ]
    rows = [[name, count, amount, ""] for name, (count, amount) in journal.by_channel().items()]
    return layout.block("按收款方式", columns, rows, ["合计", len(journal.takings), journal.total, ""])


def _rows_block(title: str, rows: Sequence[Taking], amount: str | None) -> Block:
    """The movements one by one, of each part by how much it grew; with or without the money that changed hands."""
    parts = [part for part in PARTS if part not in _SELDOM or any(row.parts[part] for row in rows)]
    sums = [sum((row.parts[part] for row in rows), ZERO) for part in parts]
    taken = sum((row.amount for row in rows), ZERO)
    columns = [
        *(Column("序号", 1.0, "center"), Column("时间", 1.2, "center"), Column("类别", 1.6)),
        *(Column("收据号", 3.5), Column("摊位", 1.7), Column("商户"), Column("方式", 1.55)),
        *(
            Column(part, _room(total, *(row.parts[part] for row in rows)), "money")
            for part, total in zip(parts, sums, strict=True)
        ),
        *([Column(amount, _room(taken, *(row.amount for row in rows)), "money")] if amount else []),
    ]
    lines = [
        [
            *(number, row.time, row.kind, row.receipt, row.stalls, row.merchant, row.channel),
            *(row.parts[part] or None for part in parts),
            *([row.amount] if amount else []),
        ]
        for number, row in enumerate(rows, start=1)
    ]
    total = [*("合计", "", "", "", "", "", ""), *sums]
    if amount:
        total.append(taken)
    return layout.block(title, columns, lines, total if lines else None)


def _room(*amounts: Decimal) -> float:
    """The width, in cm, in which none of these amounts is cut off."""
    return max(1.8, 0.17 * max(len(format_yuan(amount)) for amount in amounts) + 0.25)


def _balance_block(balance: Balance) -> Block:
    columns = [Column("项目", 5), Column("笔数", 3, "count"), Column("金额（元）", 5, "money"), Column("")]
    rows: list[list[object]] = [[balance.opening_label, None, balance.opening, ""]]
    rows += [[movement.label, movement.count, movement.amount, ""] for movement in balance.movements]
    return layout.block(
        f"{balance.name}变动", columns, rows, [balance.closing_label, None, balance.closing, ""]
    )
