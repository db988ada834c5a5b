"""What the cells of a sheet hold, each with what its format shows of it, in the types that `excel_cells` parses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import isfinite
from typing import Any

from openpyxl.styles.numbers import is_date_format

from cn_connect.excel_cells import PartialDate, ShownNumber, Unusable
from cn_connect.excel_formats import hides_of_date, is_general, number_text, text_text
from cn_connect.excel_text import is_error
from frappe import _


class Reader:
    """Reads the cells of one sheet. `wanted` are the columns (from 0) that are used; of others the value will do."""

    def __init__(self, epoch: dt.datetime, wanted: set[int]) -> None:
        self.epoch = epoch
        self.wanted = wanted
        # A day as a number is another day in the calendar that begins in 1904.
        self.other_calendar = epoch.year == 1904

    def line(self, cells: Sequence[Any]) -> list[Any]:
        """The values of one row."""
        values = [cell.value for cell in cells]
        for index in self.wanted:
            if index < len(values) and values[index] is not None:
                values[index] = self._value(cells[index], values[index])
        return values

    def _value(self, cell: Any, value: Any) -> Any:
        kind = cell.data_type
        if kind == "f":
            text = str(getattr(value, "text", value))
            return Unusable(text, _("is a formula; copy the column and paste it as values"))
        if kind == "e" or (isinstance(value, str) and is_error(value)):
            return Unusable(str(value), _("is an error value of Excel; type in what is meant"))
        code = cell.number_format or ""
        if isinstance(value, str):
            return value if is_general(code) else self._text(value, code)
        if isinstance(value, dt.datetime):
            return self._date(value, code)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._number(value, code)
        return value

    def _text(self, value: str, code: str) -> Any:
        shown = text_text(value, code)
        if shown == value:
            return value
        reason = _("has a number format that shows something else ({0}); format the cell as text")
        return Unusable(value, reason.format(shown if shown is not None else code))

    def _date(self, value: dt.datetime, code: str) -> dt.datetime:
        missing = hides_of_date(code) if is_date_format(code) else frozenset()
        if not missing:
            return value
        partial = PartialDate.combine(value.date(), value.time())
        partial.missing = missing
        return partial

    def _number(self, value: float, code: str) -> Any:
        if isinstance(value, float) and not isfinite(value):
            return Unusable(str(value), _("is not a number"))  # 1E+999, which no spreadsheet program writes
        if is_general(code) and not self.other_calendar:
            return value
        shown = number_text(value, code)
        if shown is None:
            reason = _(
                "has a number format that is not understood here ({0}); format the cell as text or number"
            )
            return Unusable(str(value), reason.format(code))
        return ShownNumber(value, shown.text, shown.number, code, self.epoch)
