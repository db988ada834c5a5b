"""SQLite's errors as MariaDB tells them: the class, and its number as first argument."""

from __future__ import annotations

import re
import sqlite3

import frappe
from frappe.database.errors import COLUMN_MISSING, DATA_TOO_LONG, DUPLICATE_ENTRY, TABLE_MISSING

_PRIMARY = "Duplicate entry for key 'PRIMARY'"
_MEANINGS: tuple[tuple[str, type[sqlite3.Error], int, str], ...] = (
    (
        r"CHECK constraint failed: length:(\w+)",
        sqlite3.DataError,
        DATA_TOO_LONG,
        "Data too long for column '{}'",
    ),
    (r"CHECK constraint failed: range:(\w+)", sqlite3.DataError, 1264, "Out of range value for column '{}'"),
    (r"UNIQUE constraint failed: [^,]*\.name\Z", sqlite3.IntegrityError, DUPLICATE_ENTRY, _PRIMARY),
    (
        r"UNIQUE constraint failed: (.*)",
        sqlite3.IntegrityError,
        DUPLICATE_ENTRY,
        "Duplicate entry for key '{}'",
    ),
    (r"NOT NULL constraint failed: .*\.(.*)", sqlite3.IntegrityError, 1048, "Column '{}' cannot be null"),
    (r"no such table: (.*)", sqlite3.ProgrammingError, TABLE_MISSING, "Table '{}' doesn't exist"),
    (
        r"(?:no such column: |has no column named )(.*)",
        sqlite3.OperationalError,
        COLUMN_MISSING,
        "Unknown column '{}'",
    ),
    (r"(.*syntax error.*)", sqlite3.ProgrammingError, 1064, "You have an error in your SQL syntax: {}"),
)


def translated(error: sqlite3.Error) -> Exception:
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
