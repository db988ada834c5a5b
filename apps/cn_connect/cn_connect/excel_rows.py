"""Workbooks as openpyxl opens them, but with texts and sheets read in half the time.

One pass of the XML parser, without an object per element: a workbook of 10,000 readings has 60,000 cells. Which styles
are dates, and the epoch, are as openpyxl has read them. What a cell may be: ECMA-376 part 1, 18.3.1.4; what a shared
text: 18.4.8. A formula is given as text that begins with "=", or as its last result in a workbook opened `data_only`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import IO, Any
from xml.parsers import expat

_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "
_ROW, _CELL, _VALUE, _FORMULA = (f"{_SPACE}{name}" for name in ("row", "c", "v", "f"))
_INLINE, _TEXT, _PHONETIC = (f"{_SPACE}{name}" for name in ("is", "t", "rPh"))
_SHARED = f"{_SPACE}si"
_CHUNK = 1 << 16


def load(content: bytes, data_only: bool = False) -> Any:
    """The workbook, read-only. Raises whatever openpyxl and the XML parser raise for a damaged one."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.xml.constants import SHARED_STRINGS  # large: few processes ever read a workbook

    class Reader(ExcelReader):
        def read_strings(self) -> None:
            part = self.package.find(SHARED_STRINGS)
            if part is not None:
                with self.archive.open(part.PartName[1:]) as source:
                    self.shared_strings = _shared_texts(source)

    reader = Reader(
        io.BytesIO(content), read_only=True, keep_vba=False, data_only=data_only, keep_links=False
    )
    reader.read()
    return reader.wb


def _shared_texts(source: IO[bytes]) -> list[str]:
    """Each text without its formatting and its reading (phonetic runs)."""
    found: list[str] = []
    parts: list[str] = []
    listening = phonetic = False

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal listening, phonetic
        if name == _TEXT:
            listening = not phonetic
        elif name == _PHONETIC:
            phonetic = True

    def data(text: str) -> None:
        if listening:
            parts.append(text)

    def end(name: str) -> None:
        nonlocal listening, phonetic
        if name == _TEXT:
            listening = False
        elif name == _SHARED:
            found.append("".join(parts).replace("x005F_", ""))  # an escaped underscore, as openpyxl reads it
            parts.clear()
        elif name == _PHONETIC:
            phonetic = False

    _parser(start, end, data).ParseFile(source)
    return found


def _parser(start: Callable[..., None], end: Callable[..., None], data: Callable[..., None]) -> Any:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse  # no workbook has one; entities would come with it
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    return parser


def rows_of(worksheet: Any, max_columns: int) -> Iterator[tuple[int, list[Any]]]:
    """(number, values from the first column on) of every row that the file holds, as it holds them.

    Cells beyond `max_columns` are left out, trailing empty ones too. Raises ExpatError and ValueError for a damaged sheet.
    """
    finished: list[tuple[int, list[Any]]] = []
    parser = _parser(*_handlers(worksheet, max_columns, finished.append))
    with worksheet.parent._archive.open(worksheet._worksheet_path) as source:
        while chunk := source.read(_CHUNK):
            parser.Parse(chunk)
            yield from finished
            finished.clear()
    parser.Parse(b"", True)
    yield from finished


def _refuse(*_told: Any) -> None:
    raise ValueError("a workbook declares no document type")


def _handlers(
    worksheet: Any, max_columns: int, finish: Callable[[tuple[int, list[Any]]], None]
) -> tuple[Callable[..., None], Callable[..., None], Callable[..., None]]:
    """What the parser calls. Closures, because every call counts here."""
    value_of = _converter(worksheet)
    formulas = not worksheet.parent.data_only
    number = column = 0
    kind, style = "n", "0"
    values: list[Any] = []
    texts: list[str] = []
    listening = inline = phonetic = False
    formula: str | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal number, column, kind, style, values, listening, inline, phonetic, formula
        if name == _CELL:
            place = attributes.get("r")
            column = _column(place.rstrip("0123456789")) if place else column + 1
            kind, style = attributes.get("t", "n"), attributes.get("s", "0")
            formula = None
            texts.clear()
        elif name == _VALUE:
            listening = True
        elif name == _ROW:
            number = int(float(attributes["r"])) if "r" in attributes else number + 1
            column, values = 0, []
        elif name == _FORMULA:
            formula, listening = "", formulas
            texts.clear()
        elif name == _INLINE:
            inline = True
        elif name == _TEXT:
            listening = inline and not phonetic
        elif name == _PHONETIC:
            phonetic = True

    def data(text: str) -> None:
        if listening:
            texts.append(text)

    def end(name: str) -> None:
        nonlocal listening, inline, phonetic, formula
        if name in (_VALUE, _TEXT):
            listening = False
        elif name == _CELL:
            if column <= max_columns:
                value: Any = f"={formula}" if formula is not None and formulas else None
                if value is None and texts:
                    value = value_of(kind, style, "".join(texts))
                if value is not None:
                    if len(values) < column:
                        values.extend([None] * (column - len(values)))
                    values[column - 1] = value
        elif name == _ROW:
            finish((number, values))
        elif name == _FORMULA:
            formula, listening = "".join(texts), False
            texts.clear()
        elif name == _INLINE:
            inline = False
        elif name == _PHONETIC:
            phonetic = False

    return start, end, data


def _converter(worksheet: Any) -> Callable[[str, str, str], Any]:
    """From type, style and text of a cell to its value."""
    from openpyxl.utils.datetime import from_excel, from_ISO8601

    book, shared = worksheet.parent, worksheet._shared_strings
    dates = {str(style) for style in book._date_formats}
    durations = {str(style) for style in book._timedelta_formats}
    # A month's readings were taken on a few days.
    moment = lru_cache(maxsize=1024)(from_excel)

    def value_of(kind: str, style: str, text: str) -> Any:
        if kind == "s":
            return shared[int(text)]
        if kind == "n":
            number = float(text) if "." in text or "E" in text or "e" in text else int(text)
            if style not in dates:
                return number
            try:
                return moment(number, book.epoch, timedelta=style in durations)
            except (OverflowError, ValueError):
                return "#VALUE!"
        if kind == "b":
            return bool(int(text))
        if kind == "d":
            return from_ISO8601(text)
        return text

    return value_of


@lru_cache(maxsize=512)
def _column(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
