"""What a person sees in a workbook, read independently of the product: openpyxl's whole reader and a few number formats.

Knows nothing of the product's rules, only how Excel shows what these tests write.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

# Words that an office takes for the columns, also where the product does not.
SYNONYMS = {"保证金": "押金", "倍率": "电表倍率", "水表编号": "水表号", "月租": "月租金"}
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def _fixed(places: int, grouped: bool = False) -> Callable[[float], str]:
    def text(value: float) -> str:
        rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return f"{rounded:,f}" if grouped else f"{rounded:f}"

    return text


def general(value: float) -> str:
    """At most eleven characters of a number, as in a cell that is wide enough."""
    if isinstance(value, int) or float(value).is_integer():
        return str(int(value)) if abs(value) < 1e11 else f"{value:.5E}"
    for places in range(9, -1, -1):
        text = f"{value:.{places}f}"
        if len(text.lstrip("-")) <= 11:
            return text.rstrip("0").rstrip(".")
    return str(value)


# Each format that the workbooks use, and what it shows.
FORMATS: dict[str, Callable[[float], str]] = {
    "General": general,
    "@": general,
    "0": _fixed(0),
    "0.0": _fixed(1),
    "0.00": _fixed(2),
    "#,##0.00": _fixed(2, grouped=True),
    "000": lambda value: f"{round(value):03d}",
    "00000": lambda value: f"{round(value):05d}",
    "0%": lambda value: f"{round(value * 100)}%",
    '0"元"': lambda value: f"{round(value)}元",
    '0"万"': lambda value: f"{round(value)}万",
    "0,": lambda value: f"{round(value / 1000)}",
    ";;;": lambda value: "",
    '"A"00': lambda value: f"A{round(value):02d}",
}
_DAYS = {
    "yyyy-mm-dd": "%Y-%m-%d",
    'yyyy"年"m"月"d"日"': "%Y-%m-%d",
    "yyyy-mm-dd h:mm:ss": "%Y-%m-%d",
    "yyyy-mm": "%Y-%m",
    'm"月"d"日"': "%m月%d日",
    "h:mm": "%H:%M",
}


def shown(cell: Any) -> str:
    """The text in a cell, as on the screen."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        return value.strftime(_DAYS[cell.number_format])
    if isinstance(value, (int, float)):
        return FORMATS[cell.number_format](value)
    if cell.number_format == ";;;;":
        return ""
    text = re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), str(value))
    return _UNSEEN.sub("", text).strip()


class Seen:
    """The sheet of an import as somebody looks at it: which row and heading shows what."""

    def __init__(self, content: bytes, columns: tuple[str, ...]) -> None:
        book = load_workbook(io.BytesIO(content))
        self.sheet = book.worksheets[0]
        self.mac = book.epoch.year == 1904
        wanted = {*columns, *SYNONYMS}
        self.columns: dict[str, list[int]] = {}
        self.first = 0
        for row in range(1, 12):
            names = {index: _name(c.value) for index, c in enumerate(self.sheet[row], start=1)}
            if sum(name in wanted for name in names.values()) >= 3:
                self.first = row + 1
                for column, name in names.items():
                    if name in wanted:
                        self.columns.setdefault(SYNONYMS.get(name, name), []).append(column)
                break
        self.headings = {
            index: str(c.value or "") for index, c in enumerate(self.sheet[self.first - 1], start=1)
        }

    def rows(self) -> list[int]:
        """The rows in which something is seen."""
        return [
            row
            for row in range(self.first, self.sheet.max_row + 1)
            if not self.sheet.row_dimensions[row].hidden
            and any(self.texts(row, name)[0] for name in self.columns)
        ]

    def texts(self, row: int, column: str) -> list[str]:
        """What is seen of a row under a name: several texts where several columns have it; none of hidden columns."""
        visible = [index for index in self.columns.get(column, ()) if not self._hides(index)]
        return [shown(self._cell(row, index)) for index in visible] or [""]

    def _hides(self, index: int) -> bool:
        return bool(self.sheet.column_dimensions[get_column_letter(index)].hidden)

    def _cell(self, row: int, index: int) -> Any:
        """The cell that is seen there: merged cells show their first."""
        cell = self.sheet.cell(row, index)
        for span in self.sheet.merged_cells.ranges:
            if cell.coordinate in span:
                return self.sheet.cell(span.min_row, span.min_col)
        return cell

    def scaled(self, column: str) -> bool:
        """Whether the heading says that the numbers stand for others."""
        return any("万" in self.headings[index] for index in self.columns.get(column, ()))

    def serial(self, row: int, column: str) -> dt.date | None:
        """The day that a whole number in a cell stands for."""
        for index in self.columns.get(column, ()):
            value = self.sheet.cell(row, index).value
            if isinstance(value, int) and 18_000 < value < 80_000:
                start = dt.date(1904, 1, 1) if self.mac else dt.date(1899, 12, 30)
                return start + dt.timedelta(value)
        return None


def _name(value: Any) -> str:
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", re.sub("_x000D_", "", str(value or ""))))
    return re.sub(r"\(.*?\)|[\s*]", "", text)


def code(text: str) -> str:
    """A code in the form in which the database compares."""
    plain = re.sub("[‐-―−﹘﹣－]", "-", text)
    return unicodedata.normalize("NFKC", plain).casefold().lstrip("'").strip()


def number(text: str) -> Decimal | None:
    """The number that a text says; None if nobody could tell."""
    plain = re.sub(r"^[¥￥]|元$|(?<=\d),(?=\d{3})", "", unicodedata.normalize("NFKC", text).strip())
    plain = re.sub(r"(?<=\d) (?=\d{3}\b)", "", plain)
    if not re.fullmatch(r"[-+]?\d+(\.\d*)?|[-+]?\.\d+", plain, re.ASCII):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def day(text: str) -> dt.date | None:
    """The day that a text says in full."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?( .*)?", plain, re.ASCII)
    try:
        return dt.date(*(int(part) for part in match.groups()[:3])) if match else None
    except ValueError:
        return None
