"""Reading the sheets of almost every office several times faster than openpyxl does: those whose XML is of a plain form.

Excel, WPS, LibreOffice and openpyxl write cells in one way, `<c r="B7" s="3" t="s"><v>12</v></c>`. Regular expressions
take such rows apart without building a tree. They are a whitelist: every byte of a row has to fit, and whatever does
not raises NotPlain, upon which openpyxl reads the whole sheet. What sheets, styles and date formats
there are openpyxl says in any case, so both ways give the same values.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import from_excel
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

# A row of 1,000 cells has about half of it; the cells of one row are in memory together.
_LONGEST_ROW = 100_000
_LONGEST_ROOT = 10_000
_ROOT = re.compile(
    rb"""(?:<\?xml\ version=["']1\.0["'](?:\ encoding=["'](?i:utf-8)["'])?(?:\ standalone=["'](?:yes|no)["'])?\ ?\?>\s*)?
    <(?:worksheet|sst)((?:\ [\w:]+="[^"<&]*")*)>""",
    re.VERBOSE,
)
_EMPTY_ROW = re.compile(rb'<row r="[0-9]+"[^<>/]*/>')
_ROW = re.compile(rb'(?:%s)*<row r="([0-9]{1,7})"(?: [^<>/]*)?>' % _EMPTY_ROW.pattern)
_CELL = re.compile(
    rb"""<c\ r="([A-Z]{1,3})([0-9]{1,7})"(?:\ s="(0|[1-9][0-9]*)")?(?:\ t="([a-zA-Z]+)")?
    (?: />
      | >(<f(?:\ [^<>/]*)?(?:/>|>[^<]*</f>))?
        (?:<v>([^<&]*)</v> | <v\ ?/> | <is><t(?:\ xml:space="preserve")?>([^<]+)</t></is>)?
        </c>
    ) | .+""",
    re.VERBOSE | re.DOTALL,
)
_STRING = re.compile(
    rb"""<si>(?:<t\ ?/>|<t(?:\ xml:space="preserve")?>([^<]*)</t>)(?:<phoneticPr\ [^<>]*/>)?</si> | (.+)""",
    re.VERBOSE | re.DOTALL,
)


class NotPlain(Exception):
    """The part is written in a way that only a whole XML parser should read."""


def load(content: bytes) -> Any:
    """What openpyxl.load_workbook gives for a file that is only read."""
    reader = _Reader(io.BytesIO(content), read_only=True)
    reader.read()
    return reader.wb


class _Reader(ExcelReader):
    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        try:
            self.shared_strings = _strings(self.archive.read(part.PartName[1:]))
        except NotPlain:
            super().read_strings()


def _strings(xml: bytes) -> list[str]:
    start, end = _content(xml), xml.rfind(b"</sst>")
    if xml[end:].strip() != b"</sst>":
        raise NotPlain
    strings = []
    for match in _STRING.finditer(xml, start, end):
        text, other = match.groups()
        if other:
            raise NotPlain
        # As openpyxl has it: _x005F_ is an underscore.
        strings.append(_text(text or b"").replace("x005F_", ""))
    return strings


def plain_lines(
    worksheet: Any, below: int, positions: Mapping[str, int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and values of each written row below row `below`, for the columns (from 0) of each name.

    Raises NotPlain, perhaps after some rows, when the sheet is not plain or a formula stands in one of the columns.
    """
    xml = worksheet.parent._archive.read(worksheet._worksheet_path)
    names = {get_column_letter(index + 1).encode(): name for name, index in positions.items()}
    value_of = _Values(worksheet)
    number = 0
    try:
        for row, start, end in _rows(xml):
            if int(row) <= number:
                raise NotPlain
            number = int(row)
            if number <= below:
                continue
            values: dict[str, Any] = dict.fromkeys(positions)
            for column, at, style, kind, formula, value, text in _CELL.findall(xml, start, end):
                # Whatever is no cell has no row either.
                if at != row or (formula and column in names):
                    raise NotPlain
                if column in names and (value or text):
                    values[names[column]] = value_of(kind, style, value, text)
            yield number, values
    except (ValueError, OverflowError) as error:
        raise NotPlain from error  # openpyxl says what is wrong


def _rows(xml: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Of each row that has cells: its number, and where its cells start and end."""
    position, last = _sheet_data(xml)
    while (end := xml.find(b"</row>", position, last)) >= 0:
        opening = _ROW.match(xml, position, end) if end - position <= _LONGEST_ROW else None
        if opening is None:
            raise NotPlain
        yield opening[1], opening.end(), end
        position = end + len(b"</row>")
    for empty in _EMPTY_ROW.finditer(xml, position, last):
        if empty.start() != position:
            raise NotPlain
        position = empty.end()
    if position != last:
        raise NotPlain


def _sheet_data(xml: bytes) -> tuple[int, int]:
    """Where the only `<sheetData>` starts and ends, with nothing around it that could hide or rename another."""
    head = _content(xml)
    start, end = xml.find(b"<sheetData>", head), xml.find(b"</sheetData>", head)
    before, after = xml[head:start], xml[end:]
    if (
        not head <= start < end
        # Comments, CDATA and processing instructions may hold what looks like cells.
        or any(mark in part for mark in (b"<!", b"<?") for part in (before, after))
        or xml.find(b"xmlns", head, end) >= 0
        or xml.count(b"sheetData", head) != 2
        or not after.rstrip().endswith(b"</worksheet>")
    ):
        raise NotPlain
    return start + len(b"<sheetData>"), end


def _content(xml: bytes) -> int:
    """Where the content of the part's root starts: UTF-8, without a DTD, names of spreadsheets without prefix."""
    root = _ROOT.match(xml, 0, _LONGEST_ROOT)
    if root is None or f' xmlns="{SHEET_MAIN_NS}"'.encode() not in root[1]:
        raise NotPlain
    return root.end()


class _Values:
    """What cells of one sheet hold, in the types that openpyxl gives."""

    def __init__(self, worksheet: Any) -> None:
        book = worksheet.parent
        self.strings = worksheet._shared_strings
        self.epoch = book.epoch
        self.dates = {str(style).encode() for style in book._date_formats}
        self.durations = {str(style).encode() for style in book._timedelta_formats}
        self.known: dict[tuple[bytes, bytes], Any] = {}

    def __call__(self, kind: bytes, style: bytes, value: bytes, text: bytes) -> Any:
        if text:
            if kind == b"inlineStr":
                return _text(text)
        elif kind == b"s":
            return self.strings[int(value)]
        elif kind == b"n" or not kind:
            return self._date(value, style) if (style or b"0") in self.dates else _number(value)
        elif kind == b"b":
            return bool(int(value))
        elif kind == b"str" or kind == b"e":
            return _text(value)
        raise NotPlain

    def _date(self, value: bytes, style: bytes) -> Any:
        # The same few days stand in all rows.
        key = value, style
        if key not in self.known:
            self.known[key] = from_excel(
                _number(value), self.epoch, timedelta=(style or b"0") in self.durations
            )
        return self.known[key]


def _number(value: bytes) -> float:
    return float(value) if b"." in value or b"E" in value or b"e" in value else int(value)


def _text(raw: bytes) -> str:
    """The text of an element without markup; what XML forbids or abbreviates is left to its parser."""
    try:
        text = raw.decode()
        if "&" in text or not text.isprintable():
            text = ElementTree.fromstring(f"<t>{text}</t>").text or ""
        return text
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise NotPlain from error
