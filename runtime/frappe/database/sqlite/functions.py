"""MariaDB's functions and collation for SQLite: what apps use in their SQL and SQLite does not have."""

from __future__ import annotations

import hashlib
import math
import random
import re
import sqlite3
import unicodedata
import uuid
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from frappe.database.sqlite import moments

COLLATION = "UNICODE_CI"


@lru_cache(maxsize=65536)
def collation_key(text: str) -> str:
    """Sort key as utf8mb4_unicode_ci orders text: no case, accents, width or trailing spaces."""
    if text.isascii():
        return text.rstrip(" ").lower()
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in folded if not unicodedata.combining(c)).rstrip(" ")


def collate(a: str, b: str) -> int:
    if a == b:
        return 0
    ka, kb = collation_key(a), collation_key(b)
    return (ka > kb) - (ka < kb)


def round_half_up(value: Any, digits: Any = 0) -> float | int | None:
    """MariaDB rounds decimals half away from zero; binary floats would round 2.675 down."""
    if value is None or digits is None:
        return None
    if isinstance(value, int) and digits >= 0:
        return value
    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP))


def _truncate(value: Any, digits: int) -> float | None:
    if value is None:
        return None
    factor = Decimal(10) ** digits
    return float(int(Decimal(str(value)) * factor) / factor)


def _mod(a: Any, b: Any) -> Any:
    if a is None or not b:
        return None
    rest = math.fmod(a, b)
    return int(rest) if isinstance(a, int) and isinstance(b, int) else rest


def _concat(*parts: Any) -> str | None:
    return None if any(p is None for p in parts) else "".join(_str(p) for p in parts)


def _concat_ws(separator: str, *parts: Any) -> str:
    return separator.join(_str(p) for p in parts if p is not None)


def _str(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _extreme(pick: Callable) -> Callable[..., Any]:
    return lambda *values: None if None in values else pick(values)


def _regexp(pattern: str | None, value: Any) -> bool | None:
    if pattern is None or value is None:
        return None
    return re.search(pattern, _str(value), re.IGNORECASE) is not None


def _substring_index(text: str | None, delimiter: str, count: int) -> str | None:
    if text is None:
        return None
    parts = text.split(delimiter)
    return delimiter.join(parts[:count] if count >= 0 else parts[count:])


def _field(value: Any, *choices: Any) -> int:
    folded = [collation_key(c) if isinstance(c, str) else c for c in (value, *choices)]
    return folded[1:].index(folded[0]) + 1 if value is not None and folded[0] in folded[1:] else 0


def _find_in_set(value: Any, joined: str | None) -> int | None:
    if value is None or joined is None:
        return None
    return _field(_str(value), *joined.split(","))


def _locate(part: Any, text: Any, start: int = 1) -> int | None:
    if part is None or text is None:
        return None
    return _str(text).lower().find(_str(part).lower(), start - 1) + 1


def _pad(left: bool) -> Callable[[Any, int, str], str | None]:
    def pad(value: Any, width: int, fill: str) -> str | None:
        if value is None:
            return None
        text = _str(value)[:width]
        padding = (fill * width)[: width - len(text)]
        return padding + text if left else text + padding

    return pad


def nothing_on_null(function: Callable) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(value)


_DETERMINISTIC: list[tuple[str, int, Callable]] = [
    ("round_half_up", 1, round_half_up),
    ("round_half_up", 2, round_half_up),
    ("truncate", 2, _truncate),
    ("floor", 1, nothing_on_null(lambda v: math.floor(float(v)))),
    ("ceil", 1, nothing_on_null(lambda v: math.ceil(float(v)))),
    ("pow", 2, lambda a, b: None if a is None or b is None else float(a) ** float(b)),
    ("sqrt", 1, nothing_on_null(lambda v: math.sqrt(float(v)))),
    ("mod", 2, _mod),
    ("greatest", -1, _extreme(max)),
    ("least", -1, _extreme(min)),
    ("is_null", 1, lambda v: v is None),
    ("concat", -1, _concat),
    ("concat_ws", -1, _concat_ws),
    ("str_left", 2, lambda v, n: None if v is None else _str(v)[: max(n, 0)]),
    ("str_right", 2, lambda v, n: None if v is None else _str(v)[-n:] if n > 0 else ""),
    ("lpad", 3, _pad(True)),
    ("rpad", 3, _pad(False)),
    ("reverse", 1, nothing_on_null(lambda v: _str(v)[::-1])),
    ("repeat", 2, lambda v, n: None if v is None else _str(v) * n),
    ("locate", 2, _locate),
    ("locate", 3, _locate),
    ("field", -1, _field),
    ("find_in_set", 2, _find_in_set),
    ("substring_index", 3, _substring_index),
    ("strcmp", 2, lambda a, b: None if a is None or b is None else collate(_str(a), _str(b))),
    ("regexp", 2, _regexp),
    ("md5", 1, nothing_on_null(lambda v: hashlib.md5(_str(v).encode()).hexdigest())),
]
_VOLATILE: list[tuple[str, int, Callable]] = [
    ("uuid", 0, lambda: str(uuid.uuid4())),
    ("random_float", 0, random.random),
    ("curdatabase", 0, lambda: "main"),
]


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the collation and the functions."""
    connection.create_collation(COLLATION, collate)
    for name, arity, function in (*_DETERMINISTIC, *moments.DETERMINISTIC):
        connection.create_function(name, arity, function, deterministic=True)
    for name, arity, function in (*_VOLATILE, *moments.VOLATILE):
        connection.create_function(name, arity, function)
