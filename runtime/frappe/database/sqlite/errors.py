"""SQLite's errors as MariaDB tells them: the class, and its number as first argument."""

from __future__ import annotations

import re
from sqlite3 import DataError, Error, IntegrityError, OperationalError, ProgrammingError

import frappe
from frappe.database.errors import COLUMN_MISSING, DATA_TOO_LONG, DUPLICATE_ENTRY, TABLE_MISSING

_MEANINGS: tuple[tuple[str, type[Error], int, str], ...] = (
    (r"CHECK constraint failed: length:(\w+)", DataError, DATA_TOO_LONG, "Data too long for column '{}'"),
    (r"CHECK constraint failed: range:(\w+)", DataError, 1264, "Out of range value for column '{}'"),
    (r"UNIQUE .*: [^,]*\.name\Z", IntegrityError, DUPLICATE_ENTRY, "Duplicate entry for key 'PRIMARY'"),
    (r"UNIQUE constraint failed: (.*)", IntegrityError, DUPLICATE_ENTRY, "Duplicate entry for key '{}'"),
    (r"NOT NULL constraint failed: .*\.(.*)", IntegrityError, 1048, "Column '{}' cannot be null"),
    (r"no such table: (.*)", ProgrammingError, TABLE_MISSING, "Table '{}' doesn't exist"),
    (r"(?:no such column: |no column named )(.*)", OperationalError, COLUMN_MISSING, "Unknown column '{}'"),
    (r"(.*syntax error.*)", ProgrammingError, 1064, "You have an error in your SQL syntax: {}"),
)


def translated(error: Error) -> Exception:
    """The exception to raise for an error of SQLite's."""
    text = str(error)
    if "locked" in text or "busy" in text:
        # not translated here: looking a translation up needs the database
        return frappe.QueryTimeoutError("The database is busy with another change. Please try again.", text)
    for pattern, kind, number, message in _MEANINGS:
        if match := re.search(pattern, text):
            names = ", ".join(match.groups())
            # several columns of a key: tabBill.market, tabBill.year
            return kind(number, message.format(re.sub(r"tab[^.,]*\.", "", names).replace(", ", "_")))
    return error
