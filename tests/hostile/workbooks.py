"""Workbooks of the three imports with what offices do to them: mutations that are put together at random."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

CODES, TEXTS, NUMBERS, DAYS = "codes", "texts", "numbers", "days"
DATE = "yyyy-mm-dd"


@dataclass
class Cell:
    value: Any
    format: str = "General"
    kind: str | None = None


@dataclass
class Draft:
    """A workbook before it is saved. `kinds` says what sort of thing each column holds."""

    sheet: str
    kinds: dict[str, str]
    headings: list[str]
    lines: list[list[Cell]]
    above: list[str] = field(default_factory=lambda: ["某某市场"])
    below: list[list[Any]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    filtered: bool = False
    merged: tuple[int, int, int] | None = None
    mac: bool = False
    done: list[str] = field(default_factory=list)

    def saved(self) -> bytes:
        book = Workbook()
        sheet: Any = book.active
        sheet.title = self.sheet
        if self.mac:
            book.epoch = CALENDAR_MAC_1904
        for text in self.above:
            sheet.append([text])
        sheet.append(self.headings)
        top = sheet.max_row
        for number, line in enumerate(self.lines, start=top + 1):
            for index, cell in enumerate(line, start=1):
                target = sheet.cell(number, index, cell.value)
                is_day = isinstance(cell.value, dt.datetime) and cell.format == "General"
                target.number_format = DATE if is_day else cell.format
                if cell.kind:
                    target.data_type = cell.kind
        for extra in self.below:
            sheet.append(extra)
        for row in self.hidden_rows:
            sheet.row_dimensions[top + 1 + row].hidden = True
        for column in self.hidden_columns:
            sheet.column_dimensions[get_column_letter(column + 1)].hidden = True
        if self.filtered:
            sheet.auto_filter.ref = f"A{top}:{get_column_letter(len(self.headings))}{sheet.max_row}"
            sheet.auto_filter.add_filter_column(0, ["x"])
        if self.merged and len(self.lines) > 1:
            first, last, column = self.merged
            sheet.merge_cells(
                start_row=top + 1 + first,
                end_row=top + 1 + last,
                start_column=column + 1,
                end_column=column + 1,
            )
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    def columns(self, kind: str) -> list[int]:
        names = [heading.split("(")[0] for heading in self.headings]
        return [index for index, name in enumerate(names) if self.kinds.get(name) == kind]


Mutation = Callable[[Draft, Random], None]


def cells(kind: str, *changes: Callable[[Any, Random], Cell | None]) -> list[Mutation]:
    """One mutation for each way to write a cell of that kind; None leaves it."""

    def mutation(change: Callable[[Any, Random], Cell | None]) -> Mutation:
        def apply(draft: Draft, random: Random) -> None:
            columns = draft.columns(kind)
            if not columns:
                return
            line, index = random.choice(draft.lines), random.choice(columns)
            made = change(line[index].value, random)
            if made is not None:
                line[index] = made
                draft.done.append(f"{draft.headings[index]}: {made}")

        return apply

    return [mutation(change) for change in changes]


def _number(value: Any) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else 7


def _amid(text: Any, mark: str) -> str:
    text = str(text or "A01")
    return text[:1] + mark + text[1:]


def _day(value: Any) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime(2026, 10, 29)


ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!")
CELLS: list[Mutation] = [
    *cells(
        CODES,
        lambda _v, r: Cell(r.randint(1, 99), "000"),
        lambda _v, r: Cell(r.randint(1, 9), '"A"00'),
        lambda _v, r: Cell(r.randint(1, 99)),
        lambda _v, r: Cell(10**12 + r.randint(1, 99)),
        lambda _v, _r: Cell(1.5),
        lambda v, _r: Cell(str(v).lower()),
        lambda v, _r: Cell("".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in str(v))),
        lambda v, r: Cell(_amid(v, r.choice("-‐–—−－"))),
        lambda v, r: Cell(_amid(v, r.choice("一ー_.／ "))),
        lambda v, _r: Cell(str(v).replace("A", "А")),
        lambda v, r: Cell(_amid(v, r.choice("\u200b\u200e\ufeff\u202e\u00ad\u3164\u200d"))),
        lambda v, _r: Cell(f" {v} _x000D_"),
        lambda v, _r: Cell(f"'{v}"),
        lambda v, r: Cell(str(v) * r.choice((3, 9, 40))),
        lambda _v, r: Cell(dt.datetime(2026, r.randint(1, 12), 1)),
        lambda _v, _r: Cell(None),
    ),
    *cells(
        TEXTS,
        lambda v, r: Cell(_amid(v, r.choice("\u200b\u202e\u2067\n\x7f\u2028\ufeff\u200d\U000e0041"))),
        lambda v, _r: Cell(f"{v}_x000D_"),
        lambda v, _r: Cell(_amid(v, "_x000D_")),
        lambda v, _r: Cell(f"=1+{v}", kind="s"),
        lambda v, r: Cell(f"{r.choice('+-@')}{v}"),
        lambda _v, _r: Cell("=1+1"),
        lambda v, _r: Cell(f"<b>{v}</b>"),
        lambda v, r: Cell(str(v) * r.choice((30, 90))),
        lambda _v, r: Cell(r.randint(1, 9)),
        lambda _v, _r: Cell(True),
        lambda _v, _r: Cell("#N/A", kind="s"),
        lambda v, _r: Cell(f"\u3000{v}\u3000"),
        lambda v, _r: Cell(f"{v}\U00021334\ue863"),
        lambda _v, _r: Cell("-"),
    ),
    *cells(
        NUMBERS,
        lambda v, r: Cell(_number(v) + 0.4, r.choice(("0", "0.0", "0.00", "#,##0.00", "General"))),
        lambda v, r: Cell(_number(v), r.choice(('0"元"', "0.00", "#,##0.00"))),
        lambda v, r: Cell(_number(v), r.choice(("0%", '0"万"', "0,", ";;;", "000", "00000"))),
        lambda v, _r: Cell(_number(v) + 0.004, "0.00"),
        lambda v, _r: Cell(_number(v) + 1e-13),
        lambda v, _r: Cell(_number(v) + 0.123456789123),
        lambda v, r: Cell(f"{_number(v)}".replace("0", "0_", 1) if r.random() < 0.7 else "1_500"),
        lambda v, r: Cell(f"{r.choice(('￥', '', ' '))}{_number(v):,.2f}{r.choice(('元', '', ' '))}"),
        lambda _v, r: Cell(
            r.choice(("１５００", "1 500", "12 5", "1,50", "1e3", "٣", "一千", "15OO", "(5)", "−5"))
        ),
        lambda _v, _r: Cell(dt.datetime(2026, 10, 1)),
        lambda _v, _r: Cell(True),
        lambda _v, _r: Cell("=1500"),
        lambda v, _r: Cell(f"\u202d{_number(v)}\u202c"),
    ),
    *cells(
        DAYS,
        lambda v, r: Cell(_day(v), r.choice(('yyyy"年"m"月"d"日"', "yyyy-mm", 'm"月"d"日"', "h:mm"))),
        lambda v, r: Cell(
            _day(v).strftime(r.choice(("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")))
        ),
        lambda v, _r: Cell((_day(v) - dt.datetime(1899, 12, 30)).days),
        lambda v, _r: Cell(int(_day(v).strftime("%Y%m%d"))),
        lambda v, _r: Cell(_day(v) + dt.timedelta(hours=8), "yyyy-mm-dd h:mm:ss"),
        lambda _v, r: Cell(
            r.choice(("9999-12-31", "2026-02-30", "10/29", "26-10-29", "待定", "２０２６－１０－２９"))
        ),
        lambda _v, r: Cell(dt.datetime(r.choice((1901, 2098, 9999)), 12, 31)),
    ),
    *(
        mutation
        for kind in (CODES, TEXTS, NUMBERS, DAYS)
        for mutation in cells(kind, lambda _v, r: Cell(r.choice(ERRORS), kind="e"))
    ),
]


def _sheet(change: Callable[[Draft, Random], object]) -> Mutation:
    def apply(draft: Draft, random: Random) -> None:
        change(draft, random)
        draft.done.append(change.__name__)

    return apply


def calendar_of_1904(draft: Draft, _random: Random) -> None:
    draft.mac = True


def hide_row(draft: Draft, random: Random) -> None:
    draft.hidden_rows.add(random.randrange(len(draft.lines)))


def filter_row(draft: Draft, random: Random) -> None:
    hide_row(draft, random)
    draft.filtered = True


def hide_column(draft: Draft, random: Random) -> None:
    draft.hidden_columns.add(random.randrange(len(draft.headings)))


def double_column(draft: Draft, random: Random) -> None:
    index = random.choice(draft.columns(NUMBERS))
    draft.headings.append(draft.headings[index].split("(")[0] + random.choice(("", "(新)", "（10月）")))
    for line in draft.lines:
        line.append(Cell(_number(line[index].value) + random.choice((0, 300))))


def other_word(draft: Draft, random: Random) -> None:
    words = {"押金": "保证金", "电表倍率": "倍率", "水表号": "水表编号", "月租金(元)": "月租"}
    known = [index for index, heading in enumerate(draft.headings) if heading in words]
    if known:
        index = random.choice(known)
        draft.headings[index] = words[draft.headings[index]]


def other_unit(draft: Draft, random: Random) -> None:
    index = random.choice(draft.columns(NUMBERS))
    draft.headings[index] = draft.headings[index].split("(")[0] + "(万元)"


def unread_column(draft: Draft, random: Random) -> None:
    draft.headings.append(random.choice(("房东", "备注", "去年")))
    for line in draft.lines:
        line.append(Cell("某某"))


def broken_heading(draft: Draft, random: Random) -> None:
    index = random.randrange(len(draft.headings))
    heading = draft.headings[index]
    draft.headings[index] = heading[:2] + random.choice(("\n", " ", "\u200b", "_x000D_\n")) + heading[2:]


def footer(draft: Draft, random: Random) -> None:
    draft.below += random.choice(
        ([["合计", None, 30]], [["制表人：张三"]], [[], ["注：以上为全部"], ["第 1 页"]])
    )


def header_again(draft: Draft, _random: Random) -> None:
    draft.below += [list(draft.headings), [cell.value for cell in draft.lines[0]]]


def row_again(draft: Draft, random: Random) -> None:
    again = [Cell(cell.value, cell.format, cell.kind) for cell in random.choice(draft.lines)]
    index = random.choice(draft.columns(NUMBERS))
    again[index] = Cell(_number(again[index].value) + 1)
    draft.lines.append(again)


def empty_row(draft: Draft, random: Random) -> None:
    draft.lines.insert(random.randrange(len(draft.lines)), [Cell(None) for _ in draft.headings])


def merge(draft: Draft, random: Random) -> None:
    if len(draft.lines) > 1:
        draft.merged = (0, 1, random.randrange(len(draft.headings)))


def swap_columns(draft: Draft, random: Random) -> None:
    order = random.sample(range(len(draft.headings)), len(draft.headings))
    draft.headings = [draft.headings[index] for index in order]
    draft.lines = [[line[index] for index in order] for line in draft.lines]


def more_titles(draft: Draft, _random: Random) -> None:
    draft.above += ["制表日期：2026-10-31", "说明：红色为必填"]


SHEETS = [
    _sheet(change)
    for change in (
        *(calendar_of_1904, hide_row, filter_row, hide_column, double_column, other_word, other_unit),
        *(unread_column, broken_heading, footer, header_again, row_again, empty_row, merge, more_titles),
    )
]


def mutated(draft: Draft, random: Random) -> Draft:
    """The draft with one to five things done to it. Columns are moved first, rows and columns hidden last."""
    if random.random() < 0.2:
        swap_columns(draft, random)
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        random.choice(CELLS)(draft, random)
    if random.random() < 0.45:
        random.choice(SHEETS)(draft, random)
    return draft
