"""Writing workbooks: live formulas, number formats, locked cells, error lists. The same content gives the same bytes.

Text is neutralised on the way out; only a `Formula` is written as one.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from cn_connect.excel import Table
from cn_connect.excel_cells import Row, neutral
from frappe import _

MONEY = "#,##0.00"
RATE = "0.00%"
COUNT = "#,##0"
QUANTITY = "#,##0.###"
DATE = "yyyy-mm-dd"
TEXT = "@"

_FONT = "等线"
_EDGE = Side(style="thin", color="BFBFBF")
BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
HEADER_FILL = PatternFill("solid", fgColor="1F4E79")
TOTAL_FILL = PatternFill("solid", fgColor="DEEAF6")
BAD_FILL = PatternFill("solid", fgColor="F8CBAD")
INPUT_FILL = PatternFill("solid", fgColor="FFF9E5")


class Formula(str):
    """Text of this kind is written as a live formula; any other text never is."""


@dataclass(frozen=True)
class Column:
    """One column of a table: header, width in characters, number format, whether people fill it in."""

    header: str
    width: float = 12
    format: str | None = None
    input: bool = False


class SheetWriter:
    """Fills one sheet from the top: title, notes, header, rows, totals. `row` is the next free line."""

    def __init__(self, book: Workbook, title: str, columns: Sequence[Column]) -> None:
        self.sheet: Worksheet = book.create_sheet(title)
        self.columns = columns
        self.row = 1
        for index, column in enumerate(columns, start=1):
            self.sheet.column_dimensions[get_column_letter(index)].width = column.width
        self.sheet.sheet_view.showGridLines = False
        self.sheet.page_setup.orientation = "landscape"
        self.sheet.page_setup.paperSize = 9
        self.sheet.page_setup.fitToHeight = 0
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self.sheet.oddFooter.center.text = "第 &P 页 共 &N 页"

    def title(self, text: str) -> None:
        """A large line across all columns."""
        cell = self._across(text)
        cell.font = Font(name=_FONT, size=16, bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center")
        self.sheet.row_dimensions[self.row - 1].height = 32

    def note(self, text: str) -> None:
        """A small grey line across all columns."""
        cell = self._across(text)
        cell.font = Font(name=_FONT, size=9, color="595959")
        cell.alignment = Alignment(vertical="center", wrap_text=True)

    def section(self, text: str) -> None:
        """A heading inside the sheet, with a blank line before it."""
        self.row += 1
        self._across(text).font = Font(name=_FONT, size=12, bold=True, color="1F4E79")

    def header(self, columns: Sequence[Column] | None = None, freeze: bool = False) -> int:
        """The header line; returns its row number."""
        self.columns = columns or self.columns
        for index, column in enumerate(self.columns, start=1):
            cell = self.sheet.cell(self.row, index, column.header)
            cell.font = Font(name=_FONT, bold=True, color="FFFFFF")
            cell.fill, cell.border = HEADER_FILL, BORDER
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        self.sheet.row_dimensions[self.row].height = 24
        self.row += 1
        if freeze:
            self.sheet.freeze_panes = f"A{self.row}"
            self.sheet.print_title_rows = f"{self.row - 1}:{self.row - 1}"
        return self.row - 1

    def line(self, values: Sequence[Any], total: bool = False) -> int:
        """One line of the table; returns its row number."""
        for index, (column, value) in enumerate(zip(self.columns, values, strict=True), start=1):
            cell = put(self.sheet, self.row, index, value, column.format)
            cell.border = BORDER
            cell.font = Font(name=_FONT, bold=total)
            cell.protection = Protection(locked=not column.input)
            if total:
                cell.fill = TOTAL_FILL
            elif column.input:
                cell.fill = INPUT_FILL
        self.row += 1
        return self.row - 1

    def lock(self) -> None:
        """Cells of columns that are not for input cannot be changed by accident (no password)."""
        self.sheet.protection.sheet = True
        self.sheet.protection.formatColumns = False
        self.sheet.protection.autoFilter = False
        self.sheet.protection.sort = False

    def allow_only(self, column: int, first: int, last: int, validation: DataValidation) -> None:
        """Excel checks what is typed into a stretch of one column."""
        self.sheet.add_data_validation(validation)
        letter = get_column_letter(column)
        validation.add(f"{letter}{first}:{letter}{last}")

    def _across(self, text: str) -> Any:
        cell = put(self.sheet, self.row, 1, text)
        if len(self.columns) > 1:
            self.sheet.merge_cells(
                start_row=self.row, start_column=1, end_row=self.row, end_column=len(self.columns)
            )
        self.row += 1
        return cell


def new_book() -> Workbook:
    """A workbook without sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    return book


def put(sheet: Worksheet, row: int, column: int, value: Any, number_format: str | None = None) -> Any:
    """Writes one cell; text is neutralised, a Formula stays live."""
    cell = sheet.cell(row, column)
    if isinstance(value, Formula):
        cell.value = str(value)
    elif isinstance(value, str):
        cell.value = neutral(value)
    else:
        cell.value = value
        if isinstance(value, (dt.date, dt.datetime)):
            number_format = number_format or DATE
    if number_format:
        cell.number_format = number_format
        if number_format in (MONEY, RATE, COUNT, QUANTITY):
            cell.alignment = Alignment(horizontal="right")
    return cell


def to_bytes(book: Workbook, made_at: dt.datetime, author: str = "") -> bytes:
    """The workbook as a file whose bytes depend only on its content and `made_at`."""
    book.properties.creator = author
    buffer, result = io.BytesIO(), io.BytesIO()
    book.save(buffer)
    stamp = f"{made_at:%Y-%m-%dT%H:%M:%SZ}".encode()
    zip_time = max(made_at, dt.datetime(1980, 1, 1)).timetuple()[:6]
    with zipfile.ZipFile(buffer) as made, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as fixed:
        for name in made.namelist():
            data = made.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, data)
            member = zipfile.ZipInfo(name, zip_time)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            fixed.writestr(member, data)
    return result.getvalue()


def error_workbook(table: Table, rows: Iterable[Row], made_at: dt.datetime) -> bytes:
    """The rejected lines as they came, each wrong cell marked with its reason, ready to be corrected and sent again."""
    reason_header = _("Why it was rejected")
    columns = [Column(_("Row in file"), 9)]
    columns += [Column(header, 15, TEXT) for header in table.headers] + [Column(reason_header, 60)]
    book = new_book()
    writer = SheetWriter(book, table.sheet, columns)
    writer.note(
        _(
            "These rows were not imported. Correct the marked cells and import this file; the other rows are in."
        )
    )
    writer.header(freeze=True)
    for row in rows:
        _error_line(writer, table, row)
    return to_bytes(book, made_at)


def _error_line(writer: SheetWriter, table: Table, row: Row) -> None:
    reasons = "；".join(f"{error.column}：{error.reason}" for error in row.errors)
    values = [_writable(row.values.get(header)) for header in table.headers]
    number = writer.line([row.number, *values, reasons])
    for error in row.errors:
        if error.column in table.headers:
            cell = writer.sheet.cell(number, table.headers.index(error.column) + 2)
            cell.fill = BAD_FILL
            cell.comment = Comment(error.reason, "")
    writer.sheet.cell(number, len(table.headers) + 2).alignment = Alignment(wrap_text=True, vertical="top")


def _writable(value: Any) -> Any:
    """A cell of somebody's workbook as it may stand in ours; control characters cannot."""
    if isinstance(value, str):
        return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", value)[:1000]
    if value is None or isinstance(value, (bool, int, float, Decimal, dt.date, dt.datetime)):
        return value
    return str(value)
