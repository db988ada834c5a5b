"""The parts of a workbook, looked through before anything is read: bounds, and what a reader of values does not tell.

A small file can name two thousand million rows, hide rows, or say things in an order that two readers understand
differently. Everything here is one pass of expat over each part; nothing is kept but the few facts of `Layout`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import join, normpath
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# ISO 29500 Strict names the same things differently; openpyxl knows the transitional names only.
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(officeDocument|spreadsheetml|drawingml)/(\w+)")
# Excel has no more (ECMA-376: ST_CellRef of 2^20 rows and 2^14 columns).
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,9})")
_COLUMN = re.compile(r"[A-Z]{1,3}")
_FAR = 10**9
_MOST_MERGED = 50_000
_YES = ("1", "true")


class Malformed(ValueError):
    """The part is not what a spreadsheet program writes."""


class TooFar(ValueError):
    """A sheet names more rows, or merges more cells, than any spreadsheet program would."""


@dataclass
class Layout:
    """What a sheet shows of its cells: the last row and column that hold something, the rows and columns (from 1) that hold
    something nobody sees, and the merged ones as (left, top, right, bottom)."""

    last_row: int = 0
    last_column: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    filtered: bool = False

    def hides_column(self, column: int) -> bool:
        return any(first <= column <= last for first, last in self.hidden_columns)


def transitional(part: bytes) -> bytes:
    """A part of a Strict workbook under the names that every reader knows."""

    def known(match: re.Match[bytes]) -> bytes:
        return b"http://schemas.openxmlformats.org/%s/2006/%s" % (match[1], match[2])

    return _STRICT.sub(known, part)


def is_strict(archive: zipfile.ZipFile) -> bool:
    """Whether the workbook is saved as "Strict Open XML"."""
    return b"purl.oclc.org/ooxml" in archive.read("xl/workbook.xml")


def check_wellformed(part: bytes) -> None:
    """Raises Malformed unless this is XML without a document type, whose entities could grow without end."""
    _parse(part, expat.ParserCreate())


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of each worksheet by the sheet's name."""
    targets = {
        relation.get("Id"): str(relation.get("Target"))
        for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    }
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    found = {}
    for sheet in book.iter(f"{{{MAIN}}}sheet"):
        target = targets.get(sheet.get(f"{{{RELATIONS}}}id"), "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
        found[str(sheet.get("name"))] = path
    return found


def layout(part: bytes) -> Layout:
    """What the part of a sheet says of its rows and columns.

    Raises TooFar, and Malformed for rows or cells out of their order.
    """
    scan = _Scan()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    _parse(part, parser)
    return scan.layout


def _parse(part: bytes, parser: Any) -> None:
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(part, True)
    except expat.ExpatError as error:
        raise Malformed(str(error)) from error


def _refuse_doctype(*_args: object) -> None:
    raise Malformed("a part has a document type")


class _Scan:
    """Follows the elements of a sheet's part."""

    def __init__(self) -> None:
        self.layout = Layout()
        self.row = self.column = self.depth = 0
        self.row_text = "0"
        self.hidden = self.all_hidden = False
        self.handlers: Mapping[str, Callable[[dict[str, str]], None]] = {
            f"{MAIN} {name}": handler
            for name, handler in {
                "row": self._row,
                "c": self._cell,
                "v": self._filled,
                "is": self._filled,
                "f": self._filled,
                "col": self._columns,
                "mergeCell": self._merge,
                "filterColumn": self._filter,
                "sheetFormatPr": self._defaults,
            }.items()
        }

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        handler = self.handlers.get(name)
        if handler:
            handler(attributes)

    def end(self, _name: str) -> None:
        self.depth -= 1

    def _row(self, values: dict[str, str]) -> None:
        number = _whole(values.get("r"), self.row + 1)
        # Readers skip or repeat rows that come out of turn; Excel calls such a file damaged.
        if self.depth != 3 or number <= self.row:
            raise Malformed("a row out of its order")
        if number > _LAST_ROW:
            raise TooFar
        self.row, self.row_text, self.column = number, str(number), 0
        self.hidden = values.get("hidden") in _YES or _is_flat(values.get("ht")) or self.all_hidden

    def _cell(self, values: dict[str, str]) -> None:
        column = self.column + 1
        reference = values.get("r")
        if reference is not None:
            number = self.row_text
            column = reference.endswith(number) and column_named(reference[: -len(number)])
            if not column:
                raise Malformed("a cell outside its row")
        if self.depth != 4 or not self.column < column <= _LAST_COLUMN:
            raise Malformed("a cell out of its order")
        self.column = column

    def _filled(self, _values: dict[str, str]) -> None:
        if self.depth == 5:
            self.layout.last_row = self.row
            if self.column > self.layout.last_column:
                self.layout.last_column = self.column
            if self.hidden:
                self.layout.hidden_rows.add(self.row)

    def _columns(self, values: dict[str, str]) -> None:
        if values.get("hidden") in _YES or _is_flat(values.get("width")):
            self.layout.hidden_columns.append((_whole(values.get("min"), 1), _whole(values.get("max"), 1)))

    def _merge(self, values: dict[str, str]) -> None:
        first, _, last = values.get("ref", "").partition(":")
        ends = [_REFERENCE.fullmatch(end) for end in (first, last or first)]
        if ends[0] and ends[1]:
            (left, top), (right, bottom) = ((column_number(end[1]), int(end[2])) for end in ends if end)
            self.layout.merged.append((left, top, right, bottom))
            if len(self.layout.merged) > _MOST_MERGED:
                raise TooFar

    def _filter(self, _values: dict[str, str]) -> None:
        self.layout.filtered = True

    def _defaults(self, values: dict[str, str]) -> None:
        self.all_hidden = values.get("zeroHeight") in _YES


def column_number(letters: str) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


@lru_cache(maxsize=1024)  # a sheet repeats the same few in each of its rows
def column_named(letters: str) -> int:
    """The number of a column that a cell names, 0 when there is none of that name."""
    return column_number(letters) if _COLUMN.fullmatch(letters) else 0


def _whole(text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not text.isascii() or not text.isdigit():
        raise Malformed("a number that is none")
    return int(text) if len(text) < 10 else _FAR


def _is_flat(size: str | None) -> bool:
    """Whether a row or column is too thin to be seen (heights are in points, widths in characters)."""
    try:
        return size is not None and float(size) < 0.5
    except ValueError:
        raise Malformed("a size that is none") from None
