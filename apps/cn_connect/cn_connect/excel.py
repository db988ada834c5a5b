"""Reading workbooks that people filled in: by header name, with an error that names sheet, row, column and reason.

Nothing read here is trusted: sizes are bounded (`excel_file`), formulas are not evaluated, and hidden sheets are not
read. What single cells may hold is in `excel_cells`, writing in `excel_writer`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cn_connect.excel_cells import Row, Unusable, is_blank, shown
from cn_connect.excel_file import WorkbookFault, damaged, open_workbook
from frappe import _

MAX_ROWS = 20_000
MAX_COLUMNS = 100
_HEADER_SEARCH_ROWS = 15
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_PLAIN = (str, int, float, dt.date, dt.time, dt.timedelta)


@dataclass
class Table:
    """The filled lines of a sheet under its header, and the texts above it."""

    sheet: str
    headers: list[str]
    rows: list[Row]
    preamble: list[str] = field(default_factory=list)


def read_table(content: bytes, sheet: str, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """The sheet's lines, found by header names anywhere in its first rows.

    A header matches whatever its unit in brackets ("面积(㎡)" is 面积). Takes the visible sheet of that name, else the
    only visible one that carries the header. Raises WorkbookFault: TOO_LARGE, NOT_A_WORKBOOK, WRONG_TEMPLATE, NO_ROWS,
    HIDDEN_SHEET, SEVERAL_SHEETS.
    """
    book = open_workbook(content)
    try:
        headers, missing = _headers(book, required, optional)
        found = _chosen(headers, sheet, required, missing)
        rows = _rows_below(found)
        if not rows:
            raise WorkbookFault("NO_ROWS", "The sheet {0} has no rows below its header.", found.name)
        _mark_merged(book, found, rows)
        columns = sorted(found.positions, key=found.positions.__getitem__)
        return Table(found.name, columns, rows, found.preamble)
    except WorkbookFault:
        raise
    except Exception as error:
        raise damaged() from error
    finally:
        book.close()


@dataclass(frozen=True)
class _Header:
    """Where a sheet's header is: its row, the column (from 0) of each name, and the texts above."""

    worksheet: Any
    row: int
    positions: dict[str, int]
    preamble: list[str]

    @property
    def name(self) -> str:
        return str(self.worksheet.title)

    @property
    def visible(self) -> bool:
        return self.worksheet.sheet_state == "visible"


def _headers(
    book: Any, required: Sequence[str], optional: Sequence[str]
) -> tuple[list[_Header], Sequence[str]]:
    """Every sheet's header, and what the best of the others lacks."""
    wanted = {header_key(name): name for name in (*required, *optional)}
    found, missing = [], required
    for worksheet in book.worksheets:
        header, absent = _find_header(worksheet, wanted, required)
        if header:
            found.append(header)
        else:
            missing = min(missing, absent, key=len)
    return found, missing


def _find_header(
    worksheet: Any, wanted: dict[str, str], required: Sequence[str]
) -> tuple[_Header | None, Sequence[str]]:
    # Some programs write a wrong extent into the file; without it every row is read.
    worksheet.reset_dimensions()
    missing = required
    preamble: list[str] = []
    lines = worksheet.iter_rows(values_only=True, max_col=MAX_COLUMNS, max_row=_HEADER_SEARCH_ROWS)
    for number, cells in enumerate(lines, start=1):
        positions: dict[str, int] = {}
        for index, cell in enumerate(cells):
            name = wanted.get(header_key(cell)) if isinstance(cell, str) else None
            if name:
                positions.setdefault(name, index)
        absent = [name for name in required if name not in positions]
        if not absent:
            return _Header(worksheet, number, positions, preamble), []
        missing = min(missing, absent, key=len)
        preamble += [cell for cell in cells if isinstance(cell, str)]
    return None, missing


def _chosen(
    headers: Sequence[_Header], sheet: str, required: Sequence[str], missing: Sequence[str]
) -> _Header:
    """The sheet to read. Raises WorkbookFault rather than guess between several, or read what nobody sees."""
    visible = [header for header in headers if header.visible]
    named = [header for header in visible if header.name == sheet] or visible
    if len(named) == 1:
        return named[0]
    if named:
        names = "、".join(header.name for header in named)
        raise WorkbookFault(
            "SEVERAL_SHEETS",
            "Several sheets carry the columns of this import ({0}). Put the rows into one sheet named {1}.",
            *(names, sheet),
        )
    if headers:
        raise WorkbookFault(
            "HIDDEN_SHEET",
            "The sheet {0} is hidden. Unhide it, look its rows over, and save the file again.",
            headers[0].name,
        )
    raise WorkbookFault(
        "WRONG_TEMPLATE",
        "This is not the expected template: no sheet has the columns {0}. Missing: {1}.",
        "、".join(required[:4]),
        "、".join(missing),
    )


def _rows_below(header: _Header) -> list[Row]:
    """The filled rows. openpyxl reads what the fast reader does not, and only it reads formulas."""
    from cn_connect.excel_plain import NotPlain, plain_lines

    try:
        return _filled(header, plain_lines(header.worksheet, header.row, header.positions))
    except NotPlain:
        rows = _filled(header, _lines_below(header))
        _mark_formulas(header, rows)
        return rows


def _lines_below(header: _Header) -> Iterator[tuple[int, dict[str, Any]]]:
    lines = header.worksheet.iter_rows(min_row=header.row + 1, values_only=True, max_col=MAX_COLUMNS)
    columns = header.positions.items()
    for number, cells in enumerate(lines, start=header.row + 1):
        yield number, {name: cells[index] if index < len(cells) else None for name, index in columns}


def _filled(header: _Header, lines: Iterable[tuple[int, dict[str, Any]]]) -> list[Row]:
    rows: list[Row] = []
    for number, values in lines:
        if all(is_blank(value) for value in values.values()):
            continue
        if len(rows) == MAX_ROWS:
            raise WorkbookFault("TOO_LARGE", "The sheet has more than {0} rows; split the file.", MAX_ROWS)
        rows.append(Row(header.name, number, values))
    return rows


def _mark_formulas(header: _Header, rows: Sequence[Row]) -> None:
    """Formulas are not evaluated, and what Excel last computed may be stale: each is a fault of its cell."""
    suspects = [
        (row, name)
        for row in rows
        for name, value in row.values.items()
        if value is not None
        and (not isinstance(value, _PLAIN) or (isinstance(value, str) and value[:1] == "="))
    ]
    if not suspects:
        return
    # Text that only looks like a formula is read as text; telling them apart takes the cells themselves.
    formulas = {
        (cell.row, cell.column - 1)
        for cells in header.worksheet.iter_rows(min_row=header.row + 1, max_col=MAX_COLUMNS)
        for cell in cells
        if getattr(cell, "data_type", "") == "f"
    }
    for row, name in suspects:
        if (row.number, header.positions[name]) in formulas:
            text = getattr(row.values[name], "text", row.values[name])
            reason = _("is a formula; copy the column and paste it as values")
            row.values[name] = Unusable(shown(text), reason)


def _mark_merged(book: Any, header: _Header, rows: Sequence[Row]) -> None:
    """Of merged cells only the first holds the value; the others would pass for empty."""
    if all(value is not None for row in rows for value in row.values.values()):
        return
    xml = book._archive.read(header.worksheet._worksheet_path)  # read-only sheets do not tell
    from openpyxl.utils.cell import range_boundaries

    by_number = {row.number: row for row in rows}
    names = {index + 1: name for name, index in header.positions.items()}
    for match in _MERGED.finditer(xml[xml.rfind(b"</sheetData>") :]):
        span = match[1].decode()
        left, top, right, bottom = (int(bound or 0) for bound in range_boundaries(span))
        for number in range(max(top, header.row + 1), min(bottom, rows[-1].number) + 1):
            row = by_number.get(number)
            for column in range(left, right + 1) if row else ():
                if (number, column) != (top, left) and column in names and row:
                    reason = _("lies in the merged cells {0}; unmerge them and fill in every row").format(
                        span
                    )
                    row.values[names[column]] = Unusable("", reason)


def header_key(value: Any) -> str:
    """A header without unit, spaces and full-width forms, for comparing."""
    text = unicodedata.normalize("NFKC", str(value or ""))
    return re.sub(r"\s|\(.*?\)|\*", "", text)
