"""Values between Python and SQLite: what is bound, and what a column's declared type reads as."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

_DATE_LIKE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?\Z")
# Expressions that give a date when they are given one. date_format and concat give text.
_DATE_EXPRESSION = re.compile(
    r"\s*(max|min|date|date_add|date_sub|adddate|subdate|curdate|current_date|now|current_timestamp|last_day|coalesce"
    r"|ifnull|nullif|if|greatest|least|timestamp|str_to_date|cast|convert|any_value)\s*\(|\s*case\b|.*\binterval\b",
    re.IGNORECASE,
)


def time_text(value: timedelta) -> str:
    """A TIME as stored: HH:MM:SS with the microseconds if there are any."""
    total = value // timedelta(seconds=1)
    sign, total = ("-", -total) if total < 0 else ("", total)
    text = f"{sign}{total // 3600:02}:{total % 3600 // 60:02}:{total % 60:02}"
    return f"{text}.{value.microseconds:06}" if value.microseconds else text


def bind(value: Any) -> Any:
    """What SQLite is given for a Python value. Numbers are rounded as decimal(21,9) columns round them."""
    kind = type(value)
    if kind is str:
        # Datetimes are stored without an empty fraction, so that equal moments are equal texts.
        if len(value) == 26 and value.endswith(".000000") and _DATE_LIKE.match(value):
            return value[:19]
        return value
    if kind is int or value is None:
        return value
    if kind is float:
        return round(value, 9)
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return time_text(value)
    if isinstance(value, Decimal):
        return float(round(value, 9))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return str(value)


def _date(raw: bytes) -> date | str:
    try:
        return date.fromisoformat(raw[:10].decode())
    except ValueError:
        return raw.decode()


def _datetime(raw: bytes) -> datetime | str:
    try:
        return datetime.fromisoformat(raw.decode())
    except ValueError:
        return raw.decode()


def parse_time(text: str) -> timedelta:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, *seconds = text.lstrip("-").split(":")
    return sign * timedelta(
        hours=int(hours), minutes=int(minutes), seconds=float(seconds[0]) if seconds else 0
    )


def _time(raw: bytes) -> timedelta | str:
    try:
        return parse_time(raw.decode().split(" ")[-1])
    except ValueError:
        return raw.decode()


def register_converters() -> None:
    """Declared types `date`, `datetime(6)` and `time(6)` read as Python's."""
    sqlite3.register_converter("date", _date)
    sqlite3.register_converter("datetime", _datetime)
    sqlite3.register_converter("time", _time)


@lru_cache(maxsize=4096)
def select_list(query: str) -> tuple[str, ...]:
    """The expressions between SELECT and its FROM, split at the commas of the first level."""
    match = re.match(r"[\s(]*select\s+(?:distinct\s+)?", query, re.IGNORECASE)
    if not match:
        return ()
    items, depth, start, i = [], 0, match.end(), match.end()
    for found in re.compile(r"'(?:[^']|'')*'|`[^`]*`|[(),]|\bfrom\b", re.IGNORECASE).finditer(query, i):
        text = found.group()
        if text in "()":
            depth += 1 if text == "(" else -1
        elif depth == 0 and text == ",":
            items.append(query[start : found.start()])
            start = found.end()
        elif depth == 0 and text.lower() == "from":
            return (*items, query[start : found.start()])
    return (*items, query[start:])


@lru_cache(maxsize=4096)
def expression_names(query: str) -> tuple[tuple[int, str], ...]:
    """Names of the calculated columns without an alias: their own text, as MariaDB names them."""
    items = select_list(query)
    found, starred = [], False
    for i, item in enumerate(items):
        text = item.strip()
        if text.endswith(")"):
            found.append((i - len(items) if starred else i, text))
        starred = starred or text.endswith("*")
    return tuple(found)


@lru_cache(maxsize=4096)
def _date_columns(query: str) -> tuple[int, ...]:
    """Positions of the expressions that may be dates; counted from the right when a * stands before."""
    items = select_list(query)
    found, starred = [], False
    for i, item in enumerate(items):
        if _DATE_EXPRESSION.match(item):
            found.append(i - len(items) if starred else i)
        starred = starred or item.strip().endswith("*")
    return tuple(found)


def convert_expressions(query: str, rows: list[tuple]) -> list[tuple]:
    """Expression columns have no declared type: read MAX(date) and its like as dates."""
    columns = _date_columns(query)
    if not columns or not rows:
        return rows
    converted = []
    for row in rows:
        values = list(row)
        for i in columns:
            values[i] = _moment(values[i])
        converted.append(tuple(values))
    return converted


def _moment(value: Any) -> Any:
    if type(value) is not str or not _DATE_LIKE.match(value):
        return value
    return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
