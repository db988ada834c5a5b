"""What an error of the database means. Every backend raises its errors with MariaDB's number as first argument."""

from __future__ import annotations

DUPLICATE_ENTRY = 1062
TABLE_MISSING = 1146
COLUMN_MISSING = 1054
DATA_TOO_LONG = 1406
LOCK_TIMEOUT = 1205
DEADLOCK = 1213


def _number(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


class ErrorPredicates:
    """Questions to `frappe.db` about an exception."""

    @staticmethod
    def is_table_missing(e: Exception) -> bool:
        return _number(e) == TABLE_MISSING

    @staticmethod
    def is_missing_column(e: Exception) -> bool:
        return _number(e) == COLUMN_MISSING

    @staticmethod
    def is_duplicate_entry(e: Exception) -> bool:
        return _number(e) == DUPLICATE_ENTRY

    @staticmethod
    def is_primary_key_violation(e: Exception) -> bool:
        return _number(e) == DUPLICATE_ENTRY and "PRIMARY" in str(e)

    @staticmethod
    def is_unique_key_violation(e: Exception) -> bool:
        return _number(e) == DUPLICATE_ENTRY and "PRIMARY" not in str(e)

    @staticmethod
    def is_data_too_long(e: Exception) -> bool:
        return _number(e) == DATA_TOO_LONG
