"""Values between Python and SQLite: what is bound, what a column stores, and what it reads as.

Columns are declared with MariaDB's type names, so that get_column_type answers alike and dates read as dates.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{6})?)?\Z")
# Expressions that give a date when they are given one; date_format and concat give text.
_DATE_EXPRESSION = re.compile(r"\s*(max|min|date|coalesce|ifnull|now|curdate)\s*\(", re.IGNORECASE)
_SELECT = re.compile(r"\s*select\s+(?:distinct\s+)?", re.IGNORECASE)
_SEPARATOR = re.compile(r"'(?:[^']|'')*'|`[^`]*`|[(),]|\bfrom\b", re.IGNORECASE)


def bind(value: Any) -> Any:
    """What SQLite is given for a Python value. Numbers are rounded as decimal(21,9) columns round them."""
    kind = type(value)
    if kind is str:
        # Datetimes are stored without an empty fraction, so that equal moments are equal texts.
        return (
            value[:19] if len(value) == 26 and value.endswith(".000000") and _MOMENT.match(value) else value
        )
    if kind is int or value is None:
        return value
    if isinstance(value, (float, Decimal)):
        return round(float(value), 9)
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    if isinstance(value, timedelta):
        return time_text(value)
    if isinstance(value, int):
        return int(value)
    return str(value)


def time_text(value: timedelta) -> str:
    """A TIME as stored: HH:MM:SS with the microseconds if there are any."""
    seconds = value // timedelta(seconds=1)
    text = f"{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
    return f"{text}.{value.microseconds:06}" if value.microseconds else text


def column_value(sql_type: str | None, value: Any) -> Any:
    """`value` as a column of that type stores it; what MariaDB refuses raises DataError."""
    kind = (sql_type or "").split("(")[0]
    try:
        if value is None or value == "":
            return value
        if kind in ("int", "bigint"):
            # decimals are rounded half away from zero on their way into an integer column
            return int(value if isinstance(value, int) else Decimal(str(value)).quantize(1, "ROUND_HALF_UP"))
        if kind == "date":
            return str(value if isinstance(value, date) else date.fromisoformat(str(value)[:10]))[:10]
        if kind == "datetime":
            return value if isinstance(value, datetime) else _moment(str(value))
    except (ValueError, ArithmeticError) as e:
        raise sqlite3.DataError(1292, f"Incorrect {kind} value: '{value}'") from e
    return value


def _moment(text: str) -> datetime:
    """Python before 3.11 wants three or six digits of a second."""
    seconds, dot, fraction = text.partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction:0<6}" if dot else seconds)


def _time(text: str) -> timedelta:
    moment = time.fromisoformat(text)
    return timedelta(
        hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
    )


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
    sqlite3.register_converter("date", _reader(lambda text: date.fromisoformat(text[:10])))
    sqlite3.register_converter("datetime", _reader(datetime.fromisoformat))
    sqlite3.register_converter("time", _reader(_time))


def read_dates(rows: list[tuple], columns: frozenset[int]) -> list[tuple]:
    """Expressions have no declared type: MAX(date) and its like read as dates when the text is one."""
    return [tuple(_read(v) if i in columns else v for i, v in enumerate(row)) for row in rows]


def _read(value: Any) -> Any:
    if type(value) is not str or not _MOMENT.match(value):
        return value
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)


def date_columns(query: str) -> frozenset[int]:
    """Positions in the select list, split at the commas of its first level, of what may be dates."""
    start = _SELECT.match(query)
    items, depth, begin = [], 0, start.end() if start else len(query)
    for found in _SEPARATOR.finditer(query, begin):
        text = found.group().lower()
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth == 0 and text in (",", "from"):
            items.append(query[begin : found.start()])
            begin = found.end()
            if text == "from":
                break
    else:
        items.append(query[begin:])
    return frozenset(i for i, item in enumerate(items) if _DATE_EXPRESSION.match(item))
