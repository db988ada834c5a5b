"""DocField types as SQLite columns, and values as those columns store them.

Columns are declared with MariaDB's type names, so that get_column_type answers alike and dates read as dates.
"""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from frappe.database.sqlite.functions import COLLATION
from frappe.database.sqlite.results import time_text

# Names and links are compared at every join: SQLite's own case-blind collation is the fast one.
KEY_COLLATION = "NOCASE"
_INT_LIMITS = {"int": 2**31, "tinyint": 2**31, "bigint": 2**63}


def declaration(column: str, sql_type: str, default: str | None, not_null: bool, key: bool = False) -> str:
    """The column's part of CREATE TABLE or ADD COLUMN."""
    parts = [f"`{column}`", sql_type.replace("decimal(21,9)", "real")]
    kind = base_type(sql_type)
    if kind in ("varchar", "text", "longtext", "mediumtext"):
        parts.append(f"COLLATE {KEY_COLLATION if key else COLLATION}")
    if not_null:
        parts.append("NOT NULL")
    if default is not None:
        parts.append(f"DEFAULT {default}")
    if kind == "varchar":
        parts.append(f"CONSTRAINT `length:{column}` CHECK (length(`{column}`) <= {size(sql_type)})")
    elif kind in ("int", "tinyint"):
        limit = _INT_LIMITS[kind]
        parts.append(f"CONSTRAINT `range:{column}` CHECK (`{column}` BETWEEN {-limit} AND {limit - 1})")
    elif kind in ("decimal", "real"):
        parts.append(f"CONSTRAINT `range:{column}` CHECK (`{column}` BETWEEN -1e12 AND 1e12)")
    return " ".join(parts)


def base_type(sql_type: str) -> str:
    return sql_type.split("(")[0].strip().lower()


def size(sql_type: str) -> int:
    return int(sql_type.split("(")[1].rstrip(")")) if "(" in sql_type else 0


def column_value(sql_type: str | None, value: Any) -> Any:
    """`value` as a column of that type stores it; what MariaDB refuses raises DataError."""
    if value is None or sql_type is None:
        return value
    kind = base_type(sql_type)
    if kind in ("int", "tinyint", "bigint"):
        return _integer(value)
    if kind in ("real", "decimal", "double"):
        return _number(value)
    if kind == "date":
        return _date(value)
    if kind == "datetime":
        return _datetime(value)
    if kind == "time":
        return time_text(value) if isinstance(value, timedelta) else str(value)
    return value if isinstance(value, (str, bytes)) else _text(value)


def _integer(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    try:
        # decimals are rounded half away from zero on their way into an integer column
        return int(Decimal(str(value)).quantize(Decimal(1), "ROUND_HALF_UP"))
    except ArithmeticError as e:
        raise sqlite3.DataError(f"Incorrect integer value: '{value}'") from e


def _number(value: Any) -> float:
    try:
        return float(round(Decimal(str(value)), 9)) if not isinstance(value, (bool, int)) else float(value)
    except ArithmeticError as e:
        raise sqlite3.DataError(f"Incorrect decimal value: '{value}'") from e


def _date(value: Any) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(str(value)[:10])).isoformat()[:10]
    except ValueError as e:
        raise sqlite3.DataError(f"Incorrect date value: '{value}'") from e


def _datetime(value: Any) -> str:
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    try:
        return str(datetime.fromisoformat(str(value)).replace(tzinfo=None))
    except ValueError as e:
        raise sqlite3.DataError(f"Incorrect datetime value: '{value}'") from e


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
