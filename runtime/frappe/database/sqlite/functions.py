"""MariaDB's collation and functions for SQLite, under MariaDB's names: those that the query code and the apps use."""

from __future__ import annotations

import sqlite3
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

COLLATION = "UNICODE_CI"
# Names and links are compared at every join: SQLite's own case-blind collation is the fast one.
KEY_COLLATION = "NOCASE"


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


class Sum:
    """SUM of decimals is exact in MariaDB: 0.1 + 0.2 is 0.3."""

    def __init__(self) -> None:
        self.total: float | None = None

    def step(self, value: Any) -> None:
        if value is not None:
            self.total = (self.total or 0.0) + float(value)

    def finalize(self) -> float | None:
        return None if self.total is None else round(self.total, 9)


def _round(value: Any, digits: int = 0) -> Any:
    """MariaDB rounds decimals half away from zero; binary floats would round 2.675 down."""
    if value is None or isinstance(value, int):
        return value
    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def register(connection: sqlite3.Connection) -> None:
    """Give a connection the collation and the functions."""
    connection.create_collation(COLLATION, collate)
    connection.create_aggregate("sum", 1, Sum)  # type: ignore[arg-type]
    connection.create_function("round", -1, _round, deterministic=True)
