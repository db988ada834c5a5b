"""What an error of the database means. Every backend raises its errors with MariaDB's number as first argument."""

from __future__ import annotations

import re

DUPLICATE_ENTRY = 1062
TABLE_MISSING = 1146
COLUMN_MISSING = 1054
DATA_TOO_LONG = 1406
LOCK_TIMEOUT = 1205
DEADLOCK = 1213


class ErrorPredicates:
    """Questions to `frappe.db` about an exception."""

    def is_table_missing(self, e: Exception) -> bool:
        return e.args[:1] == (TABLE_MISSING,)

    def is_missing_column(self, e: Exception) -> bool:
        return e.args[:1] == (COLUMN_MISSING,)

    def is_duplicate_entry(self, e: Exception) -> bool:
        return e.args[:1] == (DUPLICATE_ENTRY,)

    def is_primary_key_violation(self, e: Exception) -> bool:
        return self.is_duplicate_entry(e) and "PRIMARY" in str(e)

    def is_unique_key_violation(self, e: Exception) -> bool:
        return self.is_duplicate_entry(e) and "PRIMARY" not in str(e)

    def is_data_too_long(self, e: Exception) -> bool:
        return e.args[:1] == (DATA_TOO_LONG,)


def unique_columns_of_error(error: Exception, columns: list[str]) -> list[str]:
    """Those of the table's columns that belong to the unique key that an error names."""
    match = re.search(r"for key '(?:[^']*[.:])?([^']+)'", str(error))
    if not match:
        return []
    key = match[1].removeprefix("unique_")
    return [c for c in columns if c == key] or [c for c in columns if f"_{c}_" in f"_{key}_"] or [key]
