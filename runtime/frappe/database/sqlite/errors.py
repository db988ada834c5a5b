"""What SQLite's errors mean, in the questions stock Frappe asks: is it a duplicate, a time-out, too long?"""

from __future__ import annotations

import re
import sqlite3

import frappe


class SQLiteErrors:
    """Error classes and predicates of the database, as attributes of `frappe.db`."""

    ProgrammingError = sqlite3.ProgrammingError
    OperationalError = sqlite3.OperationalError
    InternalError = sqlite3.InternalError
    DataError = sqlite3.DataError
    SQLError = sqlite3.ProgrammingError
    IntegrityError = sqlite3.IntegrityError
    TableMissingError = sqlite3.ProgrammingError
    InvalidColumnName = frappe.InvalidColumnName

    @staticmethod
    def translated(error: sqlite3.Error, query: str) -> Exception:
        """The exception to raise for an error of SQLite's."""
        text = str(error)
        if "locked" in text or "busy" in text:
            # not translated here: looking a translation up needs the database
            return frappe.QueryTimeoutError(
                "The database is busy with another change. Please try again.", text
            )
        if match := re.search(r"CHECK constraint failed: (length|range):(\w+)", text):
            what = "Data too long" if match.group(1) == "length" else "Out of range value"
            return sqlite3.DataError(f"{what} for column '{match.group(2)}'")
        if match := re.search(r"UNIQUE constraint failed: (.*)", text):
            return sqlite3.IntegrityError(f"Duplicate entry for key {_key(match.group(1))}")
        if match := re.search(r"NOT NULL constraint failed: [^.]+\.(.*)", text):
            return sqlite3.IntegrityError(f"Column '{match.group(1)}' cannot be null")
        if "no such table" in text:
            return sqlite3.ProgrammingError(text)
        if "syntax error" in text:
            return sqlite3.ProgrammingError(f"You have an error in your SQL syntax: {text} in: {query}")
        return error

    @staticmethod
    def is_deadlocked(e: Exception) -> bool:
        return isinstance(e, frappe.QueryDeadlockError)

    @staticmethod
    def is_timedout(e: Exception) -> bool:
        return isinstance(e, frappe.QueryTimeoutError)

    @staticmethod
    def is_statement_timeout(e: Exception) -> bool:
        return isinstance(e, frappe.QueryTimeoutError)

    @staticmethod
    def is_read_only_mode_error(e: Exception) -> bool:
        return "readonly database" in str(e)

    @staticmethod
    def is_table_missing(e: Exception) -> bool:
        return isinstance(e, sqlite3.Error) and "no such table" in str(e)

    is_missing_table = is_table_missing

    @staticmethod
    def is_missing_column(e: Exception) -> bool:
        return isinstance(e, sqlite3.Error) and ("no such column" in str(e) or "has no column" in str(e))

    is_column_missing = is_missing_column

    @classmethod
    def is_missing_table_or_column(cls, e: Exception) -> bool:
        return cls.is_table_missing(e) or cls.is_missing_column(e)

    @staticmethod
    def is_duplicate_entry(e: Exception) -> bool:
        return isinstance(e, sqlite3.IntegrityError) and str(e).startswith("Duplicate entry")

    @classmethod
    def is_primary_key_violation(cls, e: Exception) -> bool:
        return cls.is_duplicate_entry(e) and "PRIMARY" in str(e)

    @classmethod
    def is_unique_key_violation(cls, e: Exception) -> bool:
        return cls.is_duplicate_entry(e) and "PRIMARY" not in str(e)

    @staticmethod
    def is_data_too_long(e: Exception) -> bool:
        return isinstance(e, sqlite3.DataError) and str(e).startswith("Data too long")

    @staticmethod
    def is_syntax_error(e: Exception) -> bool:
        return isinstance(e, sqlite3.Error) and "syntax" in str(e)


def _key(columns: str) -> str:
    """'tabStall.name' is the primary key; others are named by their columns or their index."""
    if match := re.match(r"index '(.*)'", columns):
        return f"'{match.group(1)}'"
    names = [part.strip().rsplit(".", 1)[-1] for part in columns.split(",")]
    return "'PRIMARY'" if names == ["name"] else f"'{'_'.join(names)}'"
