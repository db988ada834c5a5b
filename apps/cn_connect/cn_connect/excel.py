"""Reading workbooks that people filled in: by header name, with an error that names sheet, row, column and reason.

What a person sees is what is read, or the cell is refused with its reason. Nothing read here is trusted: sizes are
bounded (`excel_file`, `excel_parts`), formulas are not evaluated, hidden sheets, rows and columns are not read. What
headings mean is in `excel_headers`, what single cells hold in `excel_values` and `excel_cells`; writing in `excel_writer`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cn_connect import excel_headers
from cn_connect.excel_cells import CellError, Row, Unusable, is_blank, shown
from cn_connect.excel_file import Workbook, WorkbookFault, damaged, open_workbook
from cn_connect.excel_headers import Columns, Header
from cn_connect.excel_parts import Layout
from cn_connect.excel_text import half_width, seen
from cn_connect.excel_values import Reader
from frappe import _

MAX_ROWS = 20_000
MAX_COLUMNS = 100
_SHOWN_NOTES = 20
# No heading of a column is a bare number or day.
_NO_HEADINGS = frozenset((int, float, dt.datetime))
# Lines that close a list, or a page of it.
_TOTALS = re.compile(
    r"(?:本页|本月|全部|累计)?(?:合计|小计|总计|共计|累计|总合计|总额|汇总)(?:金额|数|元)?:?"
)
_SIGNED = re.compile(
    r"(?:制表|填表|填报|审核|复核|审批|批准|经办|抄表|收费|出纳|会计|财务|负责|主管|领导|单位负责|市场负责|打印|制单|核对)"
    r"(?:人|员|者|日期|时间|单位|签字|签名|签章|盖章)?(?::.*|\s.*|)|(?:日期|时间|备注|说明|附注|注|填表说明):.*|注\d*|第\d+页.*|共\d+页.*",
    re.DOTALL,
)


@dataclass
class Table:
    """The filled lines of a sheet under its header, and the texts above it.

    `headings` are the headings as they stand by name; `unread` those that mean nothing here; `notes` say, for people,
    what else was not read.
    """

    sheet: str
    headers: list[str]
    rows: list[Row]
    preamble: list[str] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Sheet:
    """A sheet that carries the header."""

    worksheet: Any
    header: Header

    @property
    def name(self) -> str:
        return str(self.worksheet.title)


def read_table(
    content: bytes, sheet: str, required: Sequence[str] | Columns, optional: Sequence[str] = ()
) -> Table:
    """The sheet's lines, found by header names anywhere in its first rows.

    Takes the visible sheet of that name, else the only visible one that carries the header. Raises WorkbookFault:
    TOO_LARGE, NOT_A_WORKBOOK, WRONG_TEMPLATE, NO_ROWS, HIDDEN_SHEET, HIDDEN_COLUMN, SEVERAL_SHEETS, SEVERAL_COLUMNS,
    UNREAD_COLUMN, WRONG_UNIT.
    """
    columns = required if isinstance(required, Columns) else Columns(required, optional)
    book = open_workbook(content)
    try:
        return _table(book, sheet, columns)
    except WorkbookFault:
        raise
    except Exception as error:
        raise damaged() from error
    finally:
        book.close()


def _table(book: Workbook, sheet: str, columns: Columns) -> Table:
    found = _chosen(book, sheet, columns)
    header = found.header
    layout = book.layout(found.name)
    if layout.last_row > header.row + MAX_ROWS:
        raise WorkbookFault(
            "TOO_LARGE",
            "The sheet goes on to row {0}, more than {1} below its header; split the file, or delete what stands there.",
            *(layout.last_row, MAX_ROWS),
        )
    _refuse_hidden_columns(header, layout)
    names = sorted(header.positions, key=header.positions.__getitem__)
    table = Table(found.name, names, [], header.preamble, header.headings, header.unread)
    for number, cells in _lines(book, found, layout):
        _take(table, header, columns, number, cells)
    if not table.rows:
        raise WorkbookFault("NO_ROWS", "The sheet {0} has no rows below its header.", found.name)
    _mark_merged(header, layout, table.rows)
    _mark_hidden(layout, table)
    _note_unread(table)
    return table


def _chosen(book: Workbook, sheet: str, columns: Columns) -> _Sheet:
    """The sheet to read. Raises WorkbookFault rather than guess between several, or read what nobody sees."""
    visible: list[_Sheet] = []
    hidden: list[_Sheet] = []
    missing = columns.required
    doubt: WorkbookFault | None = None
    for worksheet in book.worksheets:
        # Some programs write a wrong extent into the file; without it every row is read.
        worksheet.reset_dimensions()
        lines = list(
            worksheet.iter_rows(values_only=True, max_col=MAX_COLUMNS, max_row=excel_headers.SEARCHED_ROWS)
        )
        try:
            header, absent = excel_headers.find(lines, columns)
        except WorkbookFault as fault:
            if worksheet.sheet_state == "visible" and (doubt is None or worksheet.title == sheet):
                doubt = fault
            continue
        if header:
            shown_ones = visible if worksheet.sheet_state == "visible" else hidden
            shown_ones.append(_Sheet(worksheet, header))
        else:
            missing = min(missing, absent, key=len)
    named = [one for one in visible if one.name == sheet] or visible
    if doubt and not (len(named) == 1 and named[0].name == sheet):
        raise doubt
    if len(named) == 1:
        return named[0]
    if named:
        names = "、".join(one.name for one in named)
        raise WorkbookFault(
            "SEVERAL_SHEETS",
            "Several sheets carry the columns of this import ({0}). Put the rows into one sheet named {1}.",
            *(names, sheet),
        )
    if hidden:
        raise WorkbookFault(
            "HIDDEN_SHEET",
            "The sheet {0} is hidden. Unhide it, look its rows over, and save the file again.",
            hidden[0].name,
        )
    raise WorkbookFault(
        "WRONG_TEMPLATE",
        "This is not the expected template: no sheet has the columns {0}. Missing: {1}.",
        "、".join(columns.required[:4]),
        "、".join(missing),
    )


def _refuse_hidden_columns(header: Header, layout: Layout) -> None:
    hidden = [name for name, index in header.positions.items() if layout.hides_column(index + 1)]
    if hidden:
        raise WorkbookFault(
            "HIDDEN_COLUMN",
            "The columns {0} are hidden. Unhide them, look them over, and save the file again.",
            "、".join(hidden),
        )


def _lines(book: Workbook, found: _Sheet, layout: Layout) -> Iterator[tuple[int, list[Any]]]:
    """Number and values of each row below the header, down to the last one that holds something."""
    if layout.last_row <= found.header.row:
        return
    read = Reader(book.epoch, set(found.header.positions.values()))
    first = found.header.row + 1
    # Rows are filled up to the width asked for: a hundred cells where six are used take longer than all the checks.
    width = min(max(layout.last_column, max(found.header.positions.values()) + 1), MAX_COLUMNS)
    lines = found.worksheet.iter_rows(min_row=first, max_row=layout.last_row, max_col=width)
    for number, cells in enumerate(lines, start=first):
        yield number, read.line(cells)


def _take(table: Table, header: Header, columns: Columns, number: int, cells: list[Any]) -> None:
    """Adds a line to the table unless it is empty, or says something about the list instead of being one of its rows."""
    values = {name: cells[index] if index < len(cells) else None for name, index in header.positions.items()}
    if all(is_blank(value) and not isinstance(value, Unusable) for value in values.values()):
        return
    about = _about_the_list(values, cells, header, columns, first=not table.rows)
    if about:
        if len(table.notes) < _SHOWN_NOTES:
            table.notes.append(
                _("Row {0} ({1}) was not read: it is no row of the list.").format(number, about)
            )
        return
    table.rows.append(Row(table.sheet, number, values))


def _about_the_list(
    values: dict[str, Any], cells: list[Any], header: Header, columns: Columns, first: bool
) -> str | None:
    """What a line says when it is a total, a signature, the header once more, or the units; else None."""
    if not any(is_blank(values[name]) for name in columns.required):
        if _is_header(values, header):
            return _("the header again")
        return (
            shown(next(iter(values.values()))) if first and excel_headers.is_units(values.values()) else None
        )
    text = next(
        (half_width(seen(cell)) for cell in cells if isinstance(cell, str) and not is_blank(cell)), ""
    )
    bare = re.sub(r"\s", "", text)
    if _TOTALS.fullmatch(bare) or _SIGNED.fullmatch(text.strip()) or _SIGNED.fullmatch(bare):
        return text[:30]
    if first and excel_headers.is_units(value for value in values.values() if not is_blank(value)):
        return text[:30]
    return None


def _is_header(values: dict[str, Any], header: Header) -> bool:
    """Whether a line repeats the headings."""
    if any(type(value) in _NO_HEADINGS for value in values.values()):
        return False
    key = excel_headers.header_key
    return all(key(values[name]) == key(heading) for name, heading in header.headings.items())


def _mark_merged(header: Header, layout: Layout, rows: Sequence[Row]) -> None:
    """Of merged cells only the first holds the value; the others would pass for empty."""
    by_number = {row.number: row for row in rows}
    names = {index + 1: name for name, index in header.positions.items()}
    for left, top, right, bottom in layout.merged:
        span = f"{excel_headers.letters(left)}{top}:{excel_headers.letters(right)}{bottom}"
        inside = [name for column, name in names.items() if left <= column <= right]
        for number in range(max(top, header.row + 1), min(bottom, rows[-1].number) + 1):
            row = by_number.get(number)
            for name in inside if row else ():
                if row and not (number == top and header.positions[name] + 1 == left):
                    reason = _("lies in the merged cells {0}; unmerge them and fill in every row")
                    row.values[name] = Unusable("", reason.format(span))


def _mark_hidden(layout: Layout, table: Table) -> None:
    """Nobody has looked over what a filter or somebody's hand hid: such a row is a fault."""
    reason = (
        _("the row is hidden by a filter; take the filter off, look it over, and save the file again")
        if layout.filtered
        else _("the row is hidden; unhide it, look it over, and save the file again")
    )
    column = table.headers[0]
    for row in table.rows:
        if row.number in layout.hidden_rows:
            row.errors.append(CellError(row.sheet, row.number, column, shown(row.values[column]), reason))


def _note_unread(table: Table) -> None:
    if table.unread:
        table.notes.insert(0, _("These columns were not read: {0}.").format("、".join(table.unread)))
