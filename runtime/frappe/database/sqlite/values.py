"""Values between Python and SQLite: what is bound, what a column stores, and what it reads as.

Columns are declared with MariaDB's type names, so that get_column_type answers alike and dates read as dates.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from types import NoneType
from typing import Any

from dateutil.parser import isoparse

_MIDNIGHT = datetime(1, 1, 1)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{6})?)?\Z")
_QUOTED = re.compile(r"'(?:[^']|'')*'|`[^`]*`")
_INNERMOST = re.compile(r"\([^()]*\)")
_SELECT_LIST = re.compile(r"\s*select\s+(?:distinct\s+)?(.*?)(?:\bfrom\b|\Z)", re.IGNORECASE | re.DOTALL)
# Expressions that give a date when they are given one; date_format and concat give text. # stands for arguments.
_DATE_EXPRESSION = re.compile(r"\s*(max|min|date|coalesce|ifnull)\s*#", re.IGNORECASE)


def bind(value: Any) -> Any:
    """What SQLite is given for a Python value. Numbers are rounded as decimal(21,9) columns round them."""
    if isinstance(value, str):
        # Datetimes are stored without an empty fraction, so that equal moments are equal texts.
        has_empty_fraction = len(value) == 26 and value.endswith(".000000") and _MOMENT.match(value)
        return value[:19] if has_empty_fraction else value
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, (float, Decimal)):
        return round(float(value), 9)
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    if isinstance(value, timedelta):
        return str(_MIDNIGHT + value)[11:]
    return str(value)


def column_value(column_type: str | None, value: Any) -> Any:
    """`value` as a column of that type stores it; what MariaDB refuses raises DataError."""
    kind = (column_type or "").split("(")[0]
    try:
        if value is None or value == "":
            return value
        if kind in ("int", "bigint"):
            # decimals are rounded half away from zero on their way into an integer column
            return int(value if isinstance(value, int) else Decimal(str(value)).quantize(1, "ROUND_HALF_UP"))
        if kind == "date":
            return str(value)[:10] if isinstance(value, date) else _moment(value).date()
        if kind == "datetime":
            return value if isinstance(value, datetime) else _moment(value)
    except (ValueError, ArithmeticError) as e:
        raise sqlite3.DataError(1292, f"Incorrect {kind} value: '{value}'") from e
    return value


def column_values(column_type: str | None, values: tuple) -> Sequence[Any]:
    """Values of one column of many rows, converted and bound; each distinct one once, and none that needs neither."""
    types = set(map(type, values)) - {NoneType}
    if not (strict := str(column_type).startswith(("int", "bigint", "date"))) and types <= {int, str}:
        return values
    if types == {float} and not strict:
        return [value and round(value, 9) for value in values]
    if len(types) > 1:  # 1 and 1.0 are one key
        return [bind(column_value(column_type, value)) for value in values]
    return list(map({v: bind(column_value(column_type, v)) for v in set(values)}.__getitem__, values))


def _moment(value: Any) -> datetime:
    """A date or datetime as it may be written to MariaDB: 2026-1-5, 20260105, 2026-01-05 10:00:00.5."""
    text = str(value)
    if _MOMENT.match(text):
        return datetime.fromisoformat(text)
    return isoparse(re.sub(r"(?<!\.)\b(\d)\b", r"0\1", text))


def _reader(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    def convert(raw: bytes) -> Any:
        text = raw.decode()
        try:
            return read(text)
        except ValueError:
            return text

    return convert


def register_converters() -> None:
    """Declared types `date`, `datetime(6)` and `time(6)` read as Python's."""
    sqlite3.register_converter("date", lru_cache(_reader(lambda text: date.fromisoformat(text[:10]))))
    sqlite3.register_converter("datetime", _reader(datetime.fromisoformat))
    sqlite3.register_converter(
        "time", _reader(lambda text: datetime.combine(_MIDNIGHT, time.fromisoformat(text)) - _MIDNIGHT)
    )


def read_dates(rows: list[tuple], columns: frozenset[int]) -> list[tuple]:
    """Expressions have no declared type: MAX(date) and its like read as dates when the text is one."""
    return [tuple(_read(v) if i in columns else v for i, v in enumerate(row)) for row in rows]


def _read(value: Any) -> Any:
    if type(value) is not str or not _MOMENT.match(value):
        return value
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)


def date_columns(query: str) -> frozenset[int]:
    """Positions in the select list, split at the commas of its first level, of what may be dates."""
    text = _QUOTED.sub("", query)
    for _ in range(text.count("(")):
        text = _INNERMOST.sub("#", text)
    items = found[1].split(",") if (found := _SELECT_LIST.match(text)) else ()
    return frozenset(i for i, item in enumerate(items) if _DATE_EXPRESSION.match(item))
