"""Reading workbooks that people filled in: by header name, with an error that names sheet, row, column and reason.

Nothing read here is trusted: sizes are bounded before anything is unpacked, formulas are not evaluated, and text
that a spreadsheet would run as a formula is neutralised. Writing is in `excel_writer`.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from cn_connect.errors import ConnectError
from frappe import _

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
_HEADER_SEARCH_ROWS = 15
_BLANKS = {"", "-", "--", "—", "——", "/", "无数据"}
_DATE_PATTERNS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00)?)?"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)


class WorkbookFault(ConnectError):
    """The file as a whole cannot be used; `error_code` says why."""

    def __init__(self, code: str, source: str, *params: object) -> None:
        super().__init__(source, *params)
        self.error_code = code


class CellFault(ValueError):
    """One cell cannot be used; the message says why, for people."""


@dataclass(frozen=True)
class CellError:
    """Where in a file something is wrong, what was there, and why it was refused."""

    sheet: str
    row: int
    column: str
    value: str
    reason: str


@dataclass
class Row:
    """One line of a sheet: raw values by header; faults are collected while it is read."""

    sheet: str
    number: int
    values: dict[str, Any]
    errors: list[CellError] = field(default_factory=list)

    def fault(self, column: str, reason: str) -> None:
        """Notes that a cell is wrong."""
        self.errors.append(CellError(self.sheet, self.number, column, shown(self.values.get(column)), reason))

    def take(self, column: str, parse: Callable[[Any], Any], required: bool = False) -> Any:
        """The parsed cell; None when it is blank or wrong (then the fault is noted)."""
        raw = self.values.get(column)
        if is_blank(raw):
            if required:
                self.fault(column, _("must not be empty"))
            return None
        try:
            return parse(raw)
        except CellFault as fault:
            self.fault(column, str(fault))
            return None


@dataclass
class Table:
    """The filled lines of a sheet under its header."""

    sheet: str
    headers: list[str]
    rows: list[Row]


def read_table(content: bytes, sheet: str, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """The sheet's lines, found by header names anywhere in its first rows.

    A header matches whatever its unit in brackets ("面积(㎡)" is 面积). Prefers the sheet of that name, else takes the
    first that carries the header. Raises WorkbookFault: TOO_LARGE, NOT_A_WORKBOOK, WRONG_TEMPLATE, NO_ROWS.
    """
    book = _open(content)
    try:
        names = sorted(book.sheetnames, key=lambda name: name != sheet)
        wanted = {header_key(name): name for name in (*required, *optional)}
        missing: list[str] = list(required)
        for name in names:
            worksheet = book[name]
            if not hasattr(worksheet, "iter_rows"):
                continue
            found, lines = _find_header(worksheet, wanted, required)
            if lines is None:
                missing = min(missing, found, key=len)
                continue
            rows = [Row(name, number, values) for number, values in lines]
            if not rows:
                raise WorkbookFault("NO_ROWS", "The sheet {0} has no rows below its header.", name)
            return Table(name, [h for h in (*required, *optional) if h in rows[0].values], rows)
    except WorkbookFault:
        raise
    except Exception as error:  # whatever a damaged part makes the parser raise
        raise _not_a_workbook() from error
    finally:
        book.close()
    raise WorkbookFault(
        "WRONG_TEMPLATE",
        "This is not the expected template: no sheet has the columns {0}. Missing: {1}.",
        "、".join(required[:4]),
        "、".join(missing),
    )


def _open(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise WorkbookFault("TOO_LARGE", "The file is larger than {0} MB.", MAX_BYTES // 1024 // 1024)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise WorkbookFault(
            "NOT_A_WORKBOOK", "This is an old .xls file or is protected by a password; save it as .xlsx."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                raise WorkbookFault("TOO_LARGE", "The workbook is too large when unpacked.")
        from openpyxl import load_workbook  # large: few processes ever read a workbook

        return load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except WorkbookFault:
        raise
    except Exception as error:  # openpyxl raises many kinds for damaged files
        raise _not_a_workbook() from error


def _not_a_workbook() -> WorkbookFault:
    return WorkbookFault("NOT_A_WORKBOOK", "The file is damaged or is not an Excel workbook (.xlsx).")


def _find_header(
    worksheet: Any, wanted: dict[str, str], required: Sequence[str]
) -> tuple[list[str], Iterator[tuple[int, dict[str, Any]]] | None]:
    """The lines below the header, or (required headers still missing, None)."""
    # Some programs write a wrong extent into the file; without it every row is read.
    worksheet.reset_dimensions()
    lines = enumerate(worksheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1)
    missing = list(required)
    for number, cells in lines:
        positions: dict[str, int] = {}
        for index, cell in enumerate(cells):
            name = wanted.get(header_key(cell)) if isinstance(cell, str) else None
            if name:
                positions.setdefault(name, index)
        absent = [name for name in required if name not in positions]
        if not absent:
            return [], _lines_below(lines, positions)
        missing = min(missing, absent, key=len)
        if number >= _HEADER_SEARCH_ROWS:
            break
    return missing, None


def _lines_below(
    lines: Iterator[tuple[int, tuple[Any, ...]]], positions: dict[str, int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    count = 0
    for number, cells in lines:
        values = {name: cells[index] if index < len(cells) else None for name, index in positions.items()}
        if all(is_blank(value) for value in values.values()):
            continue
        count += 1
        if count > MAX_ROWS:
            raise WorkbookFault("TOO_LARGE", "The sheet has more than {0} rows; split the file.", MAX_ROWS)
        yield number, values


def header_key(value: Any) -> str:
    """A header without unit, spaces and full-width forms, for comparing."""
    text = unicodedata.normalize("NFKC", str(value or ""))
    return re.sub(r"\s|\(.*?\)|\*", "", text)


def is_blank(value: Any) -> bool:
    """Whether people would call the cell empty: nothing, spaces, a dash."""
    return value is None or (isinstance(value, str) and value.strip() in _BLANKS)


def shown(value: Any) -> str:
    """A cell as text for an error list."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)[:200]


def neutral(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe goes before a leading = + - @, tab or return."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_text(value: Any) -> str:
    """A text cell, trimmed and neutralised; numbers lose the .0 that Excel gives whole numbers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", str(value)).strip()
    if len(text) > 140:
        raise CellFault(_("is longer than 140 characters"))
    return neutral(text)


def as_decimal(value: Any) -> Decimal:
    """A number, also typed as text with thousands separators, ￥ or 元."""
    if isinstance(value, (bool, dt.date, dt.datetime)):
        raise CellFault(_("is not a number"))
    text = unicodedata.normalize("NFKC", str(value)).strip()
    text = re.sub(r"[,\s]|^[¥￥]|元$", "", text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise CellFault(_("is not a number")) from None
    if not number.is_finite() or abs(number) >= 10**12:
        raise CellFault(_("is not a number"))
    # Excel keeps 802.7 as 802.70000000000005; nine decimals are what a float column holds anyway.
    return number.quantize(Decimal("1e-9")).normalize() + 0


def as_date(value: Any) -> dt.date:
    """A date: a date cell, a serial number, or text such as 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 20_000 <= value <= 80_000:
        from openpyxl.utils.datetime import from_excel

        serial = from_excel(int(value))
        return serial.date() if isinstance(serial, dt.datetime) else dt.date(1900, 1, 1)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    for pattern in _DATE_PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            try:
                year, month, day = (int(part) for part in match.groups())
                return dt.date(year, month, day)
            except ValueError:
                break
    raise CellFault(_("is not a date such as 2026-03-01"))


def at_least(
    minimum: Decimal | int, parse: Callable[[Any], Decimal] = as_decimal
) -> Callable[[Any], Decimal]:
    """A parser for numbers not below a minimum."""

    def parsed(value: Any) -> Decimal:
        number = parse(value)
        if number < minimum:
            raise CellFault(_("must not be below {0}").format(minimum))
        return number

    return parsed
