"""Errors of the database by MariaDB's numbers, which those of every backend have as first argument."""

from __future__ import annotations

import re

DUPLICATE_ENTRY = 1062
TABLE_MISSING = 1146
COLUMN_MISSING = 1054
DATA_TOO_LONG = 1406
LOCK_TIMEOUT = 1205
DEADLOCK = 1213


def unique_columns_of_error(error: Exception, columns: list[str]) -> list[str]:
    """Those of the table's columns that belong to the unique key that an error names."""
    match = re.search(r"for key '(?:[^']*[.:])?([^']+)'", str(error))
    if not match:
        return []
    key = match[1].removeprefix("unique_")
    return [c for c in columns if c == key] or [c for c in columns if f"_{c}_" in f"_{key}_"] or [key]
