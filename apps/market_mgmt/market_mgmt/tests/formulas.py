"""Computes the formulas of our workbooks, as far as we use Excel's language, to check them against the ledger."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import range_boundaries


class Sheet:
    """A sheet whose cells have values instead of formulas."""

    def __init__(self, book: Workbook, name: str) -> None:
        self.book, self.sheet = book, book[name]

    def value(self, address: str) -> Any:
        """A cell's value; a formula is computed."""
        raw = self.sheet[address.replace("$", "")].value
        if isinstance(raw, str) and raw.startswith("="):
            return self._expression(raw[1:])
        return Decimal(str(raw)) if isinstance(raw, (int, float)) else raw

    def row(self, label: str, column: int = 1) -> int:
        """The last row whose cell in a column shows this text."""
        return max(
            row for row in range(1, self.sheet.max_row + 1) if self.sheet.cell(row, column).value == label
        )

    def _cells(self, area: str) -> list[Any]:
        name, _, cells = area.rpartition("!")
        sheet = Sheet(self.book, name) if name else self
        left, top, right, bottom = range_boundaries(cells.replace("$", ""))
        return [
            sheet.value(sheet.sheet.cell(row, column).coordinate)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]

    def _array(self, text: str) -> list[Any]:
        """Of cells, or of a product cell by cell; a comparison counts as 1 or 0."""
        left, operator, right = _split(text, "*")
        if operator:
            one, other = self._array(left), self._array(right)
            length = max(len(one), len(other))
            one, other = (a * length if len(a) == 1 else a for a in (one, other))
            return [(a or Decimal(0)) * (b or Decimal(0)) for a, b in zip(one, other, strict=True)]
        call = re.fullmatch(r"EXACT\((.*)\)", text)
        if call:
            cells, wanted = _arguments(call[1])
            value = self._expression(wanted)
            return [Decimal(cell == value) for cell in self._cells(cells)]
        return [Decimal(text)] if text.isdigit() else self._cells(text)

    def _expression(self, text: str) -> Any:
        text = text.strip()
        if text.startswith('"'):
            return text.strip('"')
        if re.fullmatch(r"\$?[A-Z]+\$?\d+", text):
            return self.value(text)
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return Decimal(text)
        call = re.fullmatch(r"([A-Z]+)\((.*)\)", text)
        if call and _closes_at_end(text):
            return self._call(call[1], _arguments(call[2]))
        for operators in ("=", "+-", "/"):
            left, operator, right = _split(text, operators)
            if operator:
                return _apply(operator, self._expression(left), self._expression(right))
        if text.startswith("(") and text.endswith(")"):
            return self._expression(text[1:-1])
        raise ValueError(f"cannot compute {text}")

    def _call(self, name: str, arguments: list[str]) -> Any:
        if name == "IF":
            return self._expression(arguments[1 if self._expression(arguments[0]) else 2])
        if name == "ROUND":
            return Decimal(self._expression(arguments[0])).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if name == "SUM":
            return _sum(cell for area in arguments for cell in self._cells(area))
        if name == "SUMPRODUCT":
            return _sum(self._array(arguments[0]))
        if name == "COUNTA":
            return Decimal(sum(1 for cell in self._cells(arguments[0]) if cell is not None))
        if name == "COUNTBLANK":
            return Decimal(sum(1 for cell in self._cells(arguments[0]) if cell in (None, "")))
        if name == "COUNTIF":
            wanted = self._expression(arguments[1])
            cells = self._cells(arguments[0])
            return Decimal(sum(1 for cell in cells if (cell != 0 if wanted == "<>0" else cell == wanted)))
        if name in ("SUMIF", "SUMIFS"):
            summed, keys, wanted = (2, 0, 1) if name == "SUMIF" else (0, 1, 2)
            value = self._expression(arguments[wanted])
            pairs = zip(self._cells(arguments[keys]), self._cells(arguments[summed]), strict=True)
            return _sum(cell for key, cell in pairs if key == value)
        raise ValueError(f"cannot compute {name}")


def _sum(cells: Iterable[Any]) -> Decimal:
    return sum((cell for cell in cells if isinstance(cell, Decimal)), Decimal(0))


def _apply(operator: str, left: Any, right: Any) -> Any:
    if operator == "=":
        return left == right
    left, right = left or Decimal(0), right or Decimal(0)
    return {"+": left + right, "-": left - right}[operator] if operator in "+-" else left / right


def _depths(text: str) -> list[int]:
    """How deep in brackets or quotes each character is."""
    depths, depth, quoted = [], 0, False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
        depths.append(depth + quoted)
    return depths


def _closes_at_end(text: str) -> bool:
    return all(depth > 0 for depth in _depths(text)[text.index("(") : -1])


def _arguments(text: str) -> list[str]:
    parts = [""]
    for char, depth in zip(text, _depths(text), strict=True):
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _split(text: str, operators: str) -> tuple[str, str, str]:
    """At the last operator outside brackets."""
    depths = _depths(text)
    for place in range(len(text) - 1, 0, -1):
        if depths[place] == 0 and text[place] in operators:
            return text[:place], text[place], text[place + 1 :]
    return text, "", ""
