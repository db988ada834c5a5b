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
from cn_connect.excel_cells import Row, neutral, shown
from frappe import _

MONEY = "#,##0.00"
RATE = "0.00%"
COUNT = "#,##0"
# As many decimals as there are: "0.###" would leave a point behind whole numbers.
QUANTITY = "General"
DATE = "yyyy-mm-dd"
TEXT = "@"

_FONT = "等线"
_ROW_HEIGHT = 18
# A note is set smaller: this many characters in the room of one, and this high a line.
_NOTE_CHARACTERS, _NOTE_HEIGHT = 1.1, 15
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

    def __init__(self, book: Workbook, title: str, columns: Sequence[Column], portrait: bool = False) -> None:
        self.sheet: Worksheet = book.create_sheet(title)
        self.columns = columns
        self.row = 1
        for index, column in enumerate(columns, start=1):
            self.sheet.column_dimensions[get_column_letter(index)].width = column.width
        self.sheet.sheet_view.showGridLines = False
        self.sheet.sheet_format.defaultRowHeight, self.sheet.sheet_format.customHeight = _ROW_HEIGHT, True
        self.sheet.print_options.horizontalCentered = True
        self.sheet.page_setup.orientation = "portrait" if portrait else "landscape"
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
        """A small grey line across all columns, as high as it needs: Excel does not measure merged cells."""
        cell = self._across(text)
        room = sum(column.width for column in self.columns) * _NOTE_CHARACTERS
        self.sheet.row_dimensions[self.row - 1].height = max(-(-_characters(text) // room), 1) * _NOTE_HEIGHT
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


def error_workbook(
    table: Table, rows: Iterable[Row], made_at: dt.datetime, notes: Sequence[str] = ()
) -> bytes:
    """The rejected lines as they came, each wrong cell marked with its reason, ready to be corrected and sent again."""
    bad = list(rows)
    columns = [Column(_("Row in file"), 9), Column(_("Why it was rejected"), 44)]
    columns += [Column(header, _width(header, bad)) for header in table.headers]
    book = new_book()
    writer = SheetWriter(book, table.sheet, columns)
    for note in notes:
        writer.note(note)
    header = writer.header(freeze=True)
    writer.sheet.freeze_panes = f"C{header + 1}"  # the reason stays in sight beside a wide form
    for row in bad:
        _error_line(writer, table, row)
    return to_bytes(book, made_at)


def _width(header: str, rows: Sequence[Row]) -> float:
    """The room a column needs for what stands in it."""
    texts = [header, *(shown(row.values.get(header)) for row in rows[:200])]
    return float(min(max(max(map(_characters, texts)) + 3, 8), 30))


def _characters(text: str) -> int:
    """The room a text takes, in half-width characters."""
    return sum(1 if char < "⺀" else 2 for char in text)


def _error_line(writer: SheetWriter, table: Table, row: Row) -> None:
    reasons = "；".join(f"{error.column}：{error.reason}" for error in row.errors)
    values = [_writable(row.values.get(header)) for header in table.headers]
    number = writer.line([row.number, reasons, *values])
    first = 3
    for index, value in enumerate(values, start=first):
        # Numbers and dates stay what they are; what is typed over a text stays text.
        if isinstance(value, str):
            writer.sheet.cell(number, index).number_format = TEXT
    for error in row.errors:
        if error.column in table.headers:
            cell = writer.sheet.cell(number, table.headers.index(error.column) + first)
            cell.fill = BAD_FILL
            cell.comment = Comment(error.reason, "", height=70, width=220)
    writer.sheet.cell(number, 2).alignment = Alignment(wrap_text=True, vertical="top")
    lines = -(-_characters(reasons) // 42)
    writer.sheet.row_dimensions[number].height = max(lines, 1) * _ROW_HEIGHT


def _writable(value: Any) -> Any:
    """A cell of somebody's workbook as it may stand in ours; control characters cannot."""
    if isinstance(value, str):
        return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", value)[:1000]
    if value is None or isinstance(value, (bool, int, float, Decimal, dt.date, dt.datetime)):
        return value
    return str(value)
