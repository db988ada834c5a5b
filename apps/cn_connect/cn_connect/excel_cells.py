"""One cell and one row of a sheet that people filled in: what they typed as text, number or date, or why it is none.

Faults are for people: they name sheet, row, column, what was there and what to do. Text that a spreadsheet would run as
a formula is neutralised.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from frappe import _

_NINE_DECIMALS = Decimal("1e-9")
_BLANKS = {"", "-", "--", "—", "——", "/", "无数据"}
_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_DATE_PATTERNS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})"),
)


class Unusable(str):
    """What stands in a cell that cannot be used whatever its column; `reason` says why."""

    reason: str

    def __new__(cls, text: str, reason: str) -> Unusable:
        made = super().__new__(cls, text)
        made.reason = reason
        return made


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
        if isinstance(raw, Unusable):
            self.fault(column, raw.reason)
            return None
        if is_blank(raw):
            if required:
                self.fault(column, _("must not be empty"))
            return None
        try:
            return parse(raw)
        except CellFault as fault:
            self.fault(column, str(fault))
            return None


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
    if text.strip() in _BLANKS:
        return text  # a dash alone is no formula, and means an empty cell
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_text(value: Any) -> str:
    """A text cell, trimmed and neutralised; numbers lose the .0 that Excel gives whole numbers."""
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        raise CellFault(_("was turned into a date by Excel; format the cell as text and type it again"))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if not text.isprintable():
        text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
    text = text.strip()
    if len(text) > 140:
        raise CellFault(_("is longer than 140 characters"))
    return neutral(text)


def as_code(value: Any) -> str:
    """A number or code that identifies something: as text, in half-width letters and digits."""
    return as_text(_typed(value) if isinstance(value, str) else value)


def as_decimal(value: Any) -> Decimal:
    """A number, also typed as text with thousands separators, ￥ or 元."""
    if isinstance(value, (bool, dt.date, dt.datetime)):
        raise CellFault(_("is not a number"))
    text = str(value)
    if isinstance(value, str):
        text = re.sub(r"\s|^[¥￥]|元$", "", _typed(value))
    if "," in text:
        if not _GROUPED.fullmatch(text):
            raise CellFault(_("has a comma where no thousands end; write 3.5 or 3,500"))
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise CellFault(_("is not a number")) from None
    if not number.is_finite() or abs(number) >= 10**12:
        raise CellFault(_("is not a number"))
    # Excel keeps 802.7 as 802.70000000000005; nine decimals are what a float column holds anyway.
    return number.quantize(_NINE_DECIMALS).normalize() + 0


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
    text = _typed(value)
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


def _typed(value: Any) -> str:
    """What somebody typed, in half-width characters, without the apostrophe that kept it from being a formula."""
    text = str(value)
    text = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
    return text[1:] if text[:1] == "'" else text
