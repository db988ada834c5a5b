"""One cell and one row of a sheet that people filled in: what they typed as text, number or date, or why it is none.

Faults are for people: they name sheet, row, column, what was there and what to do. Text that a spreadsheet would run as
a formula is neutralised.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cn_connect.excel_formats import GENERAL_DIGITS, general
from cn_connect.excel_text import EXCEL_ERRORS, half_width, hidden_character, seen
from frappe import _

_NINE_DECIMALS = Decimal("1e-9")
_BLANKS = {"", "-", "--", "—", "——", "–", "−", "－", "/", "无数据"}
_NUMERAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_PLAIN_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,139}", re.ASCII)
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:([, ])\d{3})(?:\1\d{3})*(?:\.\d+)?", re.ASCII)
# Leases run twenty years at most (Civil Code, article 705): 9999-12-31 says that somebody knew no end.
_EARLIEST, _LATEST = dt.date(1950, 1, 1), dt.date(2099, 12, 31)
_DATE_PATTERNS = (
    re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII),
    re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?", re.ASCII),
    re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII),
)


class Unusable(str):
    """What stands in a cell that cannot be used whatever its column; `reason` says why."""

    reason: str

    def __new__(cls, text: str, reason: str) -> Unusable:
        made = super().__new__(cls, text)
        made.reason = reason
        return made


class ShownNumber(float):
    """A number with what its format shows of it. `seen` is the number that people read, None when there is none.

    `epoch` is the first day of the workbook's calendar, by which a day may be written as a number.
    """

    text: str
    seen: Decimal | None
    code: str
    epoch: dt.datetime

    def __new__(
        cls, value: float, text: str, seen: Decimal | None, code: str, epoch: dt.datetime
    ) -> ShownNumber:
        made = super().__new__(cls, value)
        made.text, made.seen, made.code, made.epoch = text, seen, code, epoch
        return made

    def __str__(self) -> str:
        return self.text


class PartialDate(dt.datetime):
    """A date of which the format shows only a part; `missing` are year, month or day."""

    missing: frozenset[str] = frozenset()


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
    """Whether people would call the cell empty: nothing, spaces, a dash. A cell that cannot be used is not empty."""
    if not isinstance(value, str) or isinstance(value, Unusable):
        return value is None
    first = value[:1]  # most begin with a letter or digit, which no blank does: `seen` takes time
    return not (first.isascii() and first.isalnum()) and seen(value) in _BLANKS


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


def as_text(value: Any, longest: int = 140) -> str:
    """A text cell as people see it, trimmed and neutralised. `longest` is what its column holds."""
    return neutral(_text(value, longest))


def as_code(value: Any) -> str:
    """A number or code that identifies something: as text, in half-width letters and digits."""
    # In a plain one nothing could be hidden, be meant differently, or run as a formula.
    plain = type(value) is str and _PLAIN_CODE.fullmatch(value)
    return value if plain else neutral(_bare(half_width(_text(value, 140))))


def at_most(longest: int) -> Callable[[Any], str]:
    """A parser for text that has room in a column of so many characters."""
    return lambda value: as_text(value, longest)


def _text(value: Any, longest: int) -> str:
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        raise CellFault(_("was turned into a date by Excel; format the cell as text and type it again"))
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        text = (value.text if isinstance(value, ShownNumber) else general(value)).strip()
        if re.search(r"\dE[-+]\d", text):
            raise CellFault(_("was turned into a number by Excel; format the cell as text and type it again"))
    else:
        text = _visible(str(value))
    if len(text) > longest:
        raise CellFault(_("is longer than {0} characters").format(longest))
    if "<" in text or ">" in text:
        raise CellFault(_("must not contain < or >"))
    return text


def _visible(raw: str) -> str:
    """What is seen of a text. Raises CellFault when something in it cannot be seen."""
    text = seen(raw)
    if text in EXCEL_ERRORS:
        raise CellFault(_("is an error value of Excel; type in what is meant"))
    if "\n" in text or "\r" in text:
        raise CellFault(_("has a line break; write it in one line"))
    hidden = hidden_character(text)
    if hidden:
        raise CellFault(_("has an invisible character ({0}); type it again").format(hidden))
    return text


def as_decimal(value: Any) -> Decimal:
    """A number, also typed as text with thousands separators, ￥ or 元. It must be the number that is shown."""
    if type(value) is float or type(value) is int:
        digits = repr(value)
        # Excel shows eleven characters of a number: one that needs no more is shown as it is. (1e-05, nan, inf)
        if len(digits) <= GENERAL_DIGITS and "e" not in digits and "n" not in digits:
            return Decimal(digits).normalize() + 0
    if isinstance(value, (bool, dt.date, dt.datetime)):
        raise CellFault(_("is not a number"))
    if isinstance(value, (int, float)):
        number = Decimal(repr(float(value)) if isinstance(value, float) else value)
        if number.is_finite():
            _check_shown(value, number)
    else:
        number = _numeral(_typed(value))
    if not number.is_finite() or abs(number) >= 10**12:
        raise CellFault(_("is not a number"))
    # Excel keeps 802.7 as 802.70000000000005; nine decimals are what a float column holds anyway.
    return number.quantize(_NINE_DECIMALS).normalize() + 0


def _check_shown(value: float, number: Decimal) -> None:
    """Raises CellFault when the cell shows another number than it holds."""
    if isinstance(value, ShownNumber):
        text, shown_as = value.text.strip() or "“”", value.seen
    elif isinstance(value, int) and abs(value) < 10**10:
        return
    else:
        text = general(value)
        shown_as = None if "E" in text else Decimal(text)
    if abs(number) >= 10**12:
        return
    if shown_as is None or shown_as.quantize(_NINE_DECIMALS) != number.quantize(_NINE_DECIMALS):
        raise CellFault(
            _("is shown as {0} but holds {1}; show all of it, or type the number that is meant").format(
                text, f"{number:f}"
            )
        )


def _numeral(typed: str) -> Decimal:
    text = re.sub(r"^[¥￥]\s*|\s*元$", "", typed)
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[, ]", "", text)
    elif "," in text:
        raise CellFault(_("has a comma where no thousands end; write 3.5 or 3,500"))
    if not _NUMERAL.fullmatch(text) or len(text) > 40:
        raise CellFault(_("is not a number"))
    return Decimal(text)


def as_date(value: Any) -> dt.date:
    """A date: a date cell, a serial number, or text such as 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日.

    All of it must be shown, and it must be a day of our times.
    """
    if isinstance(value, PartialDate) and value.missing:
        raise CellFault(_("does not show the whole date; format the cell so that it shows 2026-03-01"))
    day = _day(value)
    if not _EARLIEST <= day <= _LATEST:
        raise CellFault(_("lies too far away; write the day that the contract names"))
    return day


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 18_000 <= value <= 80_000:
        from openpyxl.utils.datetime import WINDOWS_EPOCH, from_excel

        serial = from_excel(int(value), getattr(value, "epoch", WINDOWS_EPOCH))
        return serial.date() if isinstance(serial, dt.datetime) else _EARLIEST - dt.timedelta(1)
    text = _typed(value) if isinstance(value, str) else general(value) if _is_number(value) else ""
    for pattern in _DATE_PATTERNS:
        match = pattern.fullmatch(text)
        if match:
            try:
                year, month, day = (int(part) for part in match.groups())
                return dt.date(year, month, day)
            except ValueError:
                break
    raise CellFault(_("is not a date such as 2026-03-01"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


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
    return _bare(half_width(_visible(str(value))).strip())


def _bare(text: str) -> str:
    return text[1:] if text[:1] == "'" else text
