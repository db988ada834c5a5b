"""The workbook of rejected lines: as they came, with the reasons beside them, to be corrected and sent again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from openpyxl.comments import Comment
from openpyxl.styles import Alignment, PatternFill

from cn_connect.excel import Table
from cn_connect.excel_cells import Row, shown
from cn_connect.excel_writer import (
    ROW_HEIGHT,
    TALLEST_ROW,
    TEXT,
    Column,
    SheetWriter,
    characters,
    lines_in,
    new_book,
    to_bytes,
)
from frappe import _

BAD_FILL = PatternFill("solid", fgColor="F8CBAD")
# Columns before those of the file: the row's number and the reasons.
_OURS = 2
_NARROWEST, _WIDEST = 8, 30


def error_workbook(
    table: Table, rows: Iterable[Row], made_at: dt.datetime, notes: Sequence[str] = ()
) -> bytes:
    """The rejected lines as they came, each wrong cell marked with its reason, ready to be corrected and sent again."""
    bad = list(rows)
    columns = [Column(_("Row in file"), 9), Column(_("Why it was rejected"), 44, wrap=True)]
    columns += [Column(header, _width(header, bad), wrap=True) for header in table.headers]
    book = new_book()
    writer = SheetWriter(book, table.sheet, columns)
    writer.side_by_side(1, _OURS)
    for note in notes:
        writer.note(note)
    header = writer.header(freeze=True)
    writer.sheet.freeze_panes = f"C{header + 1}"  # the reasons stay in sight beside a wide form
    for row in bad:
        _error_line(writer, table, row)
    return to_bytes(book, made_at)


def _width(header: str, rows: Sequence[Row]) -> float:
    """The room a column needs for what stands in it."""
    texts = [header, *(shown(row.values.get(header)) for row in rows[:200])]
    return float(min(max(max(map(characters, texts)) + 3, _NARROWEST), _WIDEST))


def _error_line(writer: SheetWriter, table: Table, row: Row) -> None:
    reasons = "\n".join(f"{error.column}：{error.reason}" for error in row.errors)
    values = [_writable(row.values.get(header)) for header in table.headers]
    number = writer.line([row.number, reasons, *values])
    sheet = writer.sheet
    sheet.cell(number, 1).alignment = Alignment(horizontal="center", vertical="center")
    for index, value in enumerate(values, start=_OURS + 1):
        # Numbers and dates stay what they are; what is typed over a text stays text.
        if isinstance(value, str):
            sheet.cell(number, index).number_format = TEXT
    for error in row.errors:
        if error.column in table.headers:
            cell = sheet.cell(number, table.headers.index(error.column) + _OURS + 1)
            cell.fill = BAD_FILL
            cell.comment = Comment(error.reason, "", height=70, width=220)
    texts = ["", reasons, *(value if isinstance(value, str) else shown(value) for value in values)]
    lines = max(lines_in(text, column.width) for text, column in zip(texts, writer.columns, strict=True))
    sheet.row_dimensions[number].height = min(lines * ROW_HEIGHT, TALLEST_ROW)


def _writable(value: Any) -> Any:
    """A cell of somebody's workbook as it may stand in ours; control characters cannot."""
    if isinstance(value, str):
        return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", value)[:1000]
    if value is None or isinstance(value, (bool, int, float, Decimal, dt.date, dt.datetime)):
        return value
    return str(value)
