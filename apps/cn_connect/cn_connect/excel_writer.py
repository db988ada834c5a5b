"""Writing workbooks: live formulas, number formats, locked cells, pages. The same content gives the same bytes.

Text is neutralised on the way out; only a `Formula` is written as one.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break, ColBreak
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from cn_connect.excel_cells import neutral

MONEY = "#,##0.00"
RATE = "0.00%"
COUNT = "#,##0"
# As many decimals as there are: "0.###" would leave a point behind whole numbers.
QUANTITY = "General"
DATE = "yyyy-mm-dd"
TEXT = "@"

_FONT = "等线"
ROW_HEIGHT = 18
# What Excel allows at most; in points.
TALLEST_ROW = 409
# A note is set smaller: this many characters in the room of one, and this high a line.
_NOTE_CHARACTERS, _NOTE_HEIGHT = 1.1, 15
# A title is set larger.
_TITLE_CHARACTERS, _TITLE_HEIGHT = 1.6, 32
# A wide sheet is printed on A4 landscape at this scale, in percent, with margins in inches: so many characters fit,
# also where Excel takes them to be 8 pixels wide, as with 宋体.
_SCALE, _MARGIN, _FOOTER, _PAGE_ROOM = 90, 0.4, 0.3, 145
_LEFT, _RIGHT = Alignment(vertical="center"), Alignment(horizontal="right", vertical="center")
_EDGE = Side(style="thin", color="BFBFBF")
BORDER = Border(left=_EDGE, right=_EDGE, top=_EDGE, bottom=_EDGE)
HEADER_FILL = PatternFill("solid", fgColor="1F4E79")
TOTAL_FILL = PatternFill("solid", fgColor="DEEAF6")
INPUT_FILL = PatternFill("solid", fgColor="FFF9E5")
_CONDITIONAL_INPUT = PatternFill(bgColor="FFF9E5")  # conditional formats take the colour from here


class Formula(str):
    """Text of this kind is written as a live formula; any other text never is."""


@dataclass(frozen=True)
class Column:
    """One column of a table: header, width in characters, number format, whether people fill it in.

    Text of a column that wraps goes on in the next line; any other is cut off at the next cell.
    """

    header: str
    width: float = 12
    format: str | None = None
    input: bool = False
    wrap: bool = False


class SheetWriter:
    """Fills one sheet from the top: title, notes, header, rows, totals. `row` is the next free line.

    Every page says `footer` at its foot, beside its number.
    """

    def __init__(
        self,
        book: Workbook,
        title: str,
        columns: Sequence[Column],
        portrait: bool = False,
        footer: str | None = None,
    ) -> None:
        self.sheet: Worksheet = book.create_sheet(title)
        self.columns = columns
        self.row = 1
        self._span = (1, len(columns))
        for index, column in enumerate(columns, start=1):
            self.sheet.column_dimensions[get_column_letter(index)].width = column.width
        self.sheet.sheet_view.showGridLines = False
        self.sheet.sheet_format.defaultRowHeight, self.sheet.sheet_format.customHeight = ROW_HEIGHT, True
        self.sheet.print_options.horizontalCentered = True
        self.sheet.page_setup.orientation = "portrait" if portrait else "landscape"
        self.sheet.page_setup.paperSize = 9
        self.sheet.page_setup.fitToHeight = 0
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
        self.sheet.oddFooter.left.text = footer and footer.replace("&", "&&")
        self.sheet.oddFooter.center.text = "第 &P 页 共 &N 页"

    def side_by_side(self, first: int, last: int, starts: Sequence[int] = ()) -> None:
        """Print a sheet that is too wide for a page on several beside each other, in a size that can be read.

        Columns `first` to `last` are repeated on each page, with the titles and notes above them: call this before those.
        A page begins at each of the columns `starts`, or where the page before is full; what fits on one stays there.
        """
        starts = starts or self._full_pages(first, last)
        if not starts:
            return
        setup, margins = self.sheet.page_setup, self.sheet.page_margins
        # Fitting the sheet to pages would leave out the breaks.
        self.sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=False)
        setup.fitToHeight, setup.scale, setup.pageOrder = None, _SCALE, "overThenDown"
        margins.left = margins.right = margins.header = margins.footer = _MARGIN
        margins.top = margins.bottom = _MARGIN + _FOOTER
        self.sheet.print_options.horizontalCentered = False
        self.sheet.print_title_cols = f"{get_column_letter(first)}:{get_column_letter(last)}"
        self.sheet.col_breaks = ColBreak()
        for start in starts:
            self.sheet.col_breaks.append(Break(id=start - 1))
        self._span = (first, last)

    def _full_pages(self, first: int, last: int) -> list[int]:
        """The columns that do not fit on the page before, with the repeated ones on every page."""
        starts, used = [], 0.0
        repeated = self._width(first, last)
        for index, column in enumerate(self.columns, start=1):
            if used + column.width > _PAGE_ROOM and index > last:
                starts.append(index)
                used = repeated
            used += column.width
        return starts

    def title(self, text: str) -> None:
        """A large line across the columns."""
        cell = self._across(text)
        cell.font = Font(name=_FONT, size=16, bold=True)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        lines = lines_in(text, self._width(*self._span) / _TITLE_CHARACTERS)
        self.sheet.row_dimensions[self.row - 1].height = lines * _TITLE_HEIGHT

    def note(self, text: str) -> None:
        """A small grey line across the columns, as high as it needs: Excel does not measure merged cells."""
        cell = self._across(text)
        room = self._width(*self._span) * _NOTE_CHARACTERS
        self.sheet.row_dimensions[self.row - 1].height = max(-(-characters(text) // room), 1) * _NOTE_HEIGHT
        cell.font = Font(name=_FONT, size=9, color="595959")
        cell.alignment = Alignment(vertical="center", wrap_text=True)

    def section(self, text: str) -> None:
        """A heading inside the sheet, with a blank line before it."""
        self.row += 1
        self._across(text).font = Font(name=_FONT, size=12, bold=True, color="1F4E79")

    def header(self, freeze: bool = False) -> int:
        """The header line, repeated on every page when it is frozen; returns its row number."""
        lines = max(lines_in(column.header, column.width) for column in self.columns)
        for index, column in enumerate(self.columns, start=1):
            cell = self.sheet.cell(self.row, index, column.header)
            cell.font = Font(name=_FONT, bold=True, color="FFFFFF")
            cell.fill, cell.border = HEADER_FILL, BORDER
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        self.sheet.row_dimensions[self.row].height = 24 if lines == 1 else lines * ROW_HEIGHT
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
            if column.wrap:
                cell.alignment = Alignment(
                    horizontal=cell.alignment.horizontal, vertical="center", wrap_text=True
                )
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

    def draw_when_filled(self, first: int, last: int) -> None:
        """Rows below the drawn ones that look like them as soon as something stands in them."""
        end = get_column_letter(len(self.columns))
        filled = FormulaRule([f"COUNTA($A{first}:${end}{first})>0"], border=BORDER, fill=_CONDITIONAL_INPUT)
        self.sheet.conditional_formatting.add(f"A{first}:{end}{last}", filled)

    def _across(self, text: str) -> Any:
        first, last = self._span
        cell = put(self.sheet, self.row, first, text)
        if last > first:
            self.sheet.merge_cells(start_row=self.row, start_column=first, end_row=self.row, end_column=last)
        self.row += 1
        return cell

    def _width(self, first: int, last: int) -> float:
        """The room of these columns, in characters."""
        return sum((column.width for column in self.columns[first - 1 : last]), 0.0)


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
    cell.alignment = _RIGHT if number_format in (MONEY, RATE, COUNT, QUANTITY) else _LEFT
    if number_format:
        cell.number_format = number_format
    return cell


def characters(text: str) -> int:
    """The room a text takes, in half-width characters."""
    return sum(1 if char < "⺀" else 2 for char in text)


def lines_in(text: str, width: float) -> int:
    """How many lines a text takes in a column of this width, with the cell's margin: Excel does not measure them."""
    room = max(width - 1.5, 1)
    return sum(max(math.ceil(characters(line) / room), 1) for line in text.split("\n"))


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
