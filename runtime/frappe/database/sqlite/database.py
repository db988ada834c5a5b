"""SQLite as the database: one file per site, write-ahead log, one writer at a time.

Transactions behave as on MariaDB as far as SQLite allows. Reading opens a snapshot. The first write or locking read
(`for_update`) takes the one write lock (BEGIN IMMEDIATE) and from then on sees the latest committed state; it waits a
bounded time for another writer and then raises QueryTimeoutError. Readers are never blocked.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import frappe
from frappe.database.database import Database
from frappe.database.schema import Column, Stored
from frappe.database.sqlite.dialect import translate
from frappe.database.sqlite.errors import translated
from frappe.database.sqlite.functions import COLLATION, KEY_COLLATION, register
from frappe.database.sqlite.values import column_value, column_values, read_dates, register_converters

register_converters()
_LOCK_STEP = 0.001  # seconds between two tries to get the write lock
_RANGES = {"int": (-(2**31), 2**31 - 1), "decimal": ("-1e12", "1e12")}
_PRAGMAS = "journal_mode = WAL", "temp_store = MEMORY", "cache_size = -2000", "mmap_size = 268435456"


class SQLiteDatabase(Database):
    db_type = "sqlite"
    INSERT_IGNORE = "INSERT OR IGNORE"
    KEY_COLLATION = f" COLLATE {KEY_COLLATION}"
    ProgrammingError = TableMissingError = sqlite3.ProgrammingError
    OperationalError = sqlite3.OperationalError
    DataError = sqlite3.DataError
    column_value = staticmethod(column_value)
    column_values = staticmethod(column_values)

    def __init__(self, path: str | Path, lock_timeout: float = 15, synchronous: str = "FULL") -> None:
        super().__init__()
        self.path = str(path)
        self.key = ("sqlite", self.path)
        self.lock_timeout = lock_timeout
        self.synchronous = synchronous
        self._writing = False
        self._schema_changed = False

    def pool_key(self) -> tuple:
        """A file that was deleted or replaced is another file."""
        inode = os.stat(self.path).st_ino if os.path.exists(self.path) else 0
        return *self.key, inode, self.synchronous, self.lock_timeout

    def connect(self) -> sqlite3.Connection:
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path,
            timeout=self.lock_timeout,
            isolation_level=None,
            detect_types=sqlite3.PARSE_DECLTYPES,
            check_same_thread=False,
            cached_statements=512,
        )
        register(connection)
        for pragma in (*_PRAGMAS, f"synchronous = {self.synchronous}"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def execute(self, query: str, values: Any) -> tuple[Sequence[tuple], list[str] | None]:
        statement = translate(query, bool(values))
        sql, bound = statement.filled(values)
        if statement.locks:
            self.lock()
        elif not self.connection.in_transaction:
            self.connection.execute("BEGIN")
        cursor = self._run(self.connection.execute, sql, bound)
        if cursor.description is None:
            return (), None
        rows = cursor.fetchall()
        if statement.gives_dates:
            rows = read_dates(rows, statement.gives_dates)
        return rows, [column[0] for column in cursor.description]

    def execute_many(self, query: str, rows: list[tuple]) -> None:
        self.lock()
        self._run(self.connection.executemany, f"{query}({', '.join('?' * len(rows[0]))})", rows)

    @staticmethod
    def _run(method: Callable[..., Any], *arguments: Any) -> Any:
        """Call a method of the connection; its errors are raised as MariaDB raises them."""
        try:
            return method(*arguments)
        except sqlite3.Error as e:
            raise translated(e) from e

    def lock(self) -> None:
        """Take the write lock. A read snapshot is given up: after the lock, the latest state counts."""
        if self._writing:
            return
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")
        self._begin_writing()
        self._writing = True

    def _begin_writing(self) -> None:
        """SQLite waits in steps that grow to 100 ms, so that who waits long is passed by who comes late; equal short
        steps give all the same chance."""
        deadline = time.monotonic() + self.lock_timeout
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    return self._run(self.connection.execute, "BEGIN IMMEDIATE")
                except frappe.QueryTimeoutError:
                    if time.monotonic() >= deadline:
                        raise
                time.sleep(_LOCK_STEP)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {int(self.lock_timeout * 1000)}")

    def end_transaction(self, statement: str) -> None:
        self._writing = False
        if self._connection is not None and self._connection.in_transaction:
            self._run(self.connection.execute, statement)
        if self._schema_changed:
            # what was created is undone, or is now there for good
            self.forget_schema()
            self._schema_changed = False

    def quoted(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    # -- tables: a column can be added but not changed; then the table is rebuilt ---------------------------------

    def ddl(self, statement: str) -> None:
        """Schema changes are part of the transaction: a failed one leaves the table as it was."""
        self.lock()
        self._run(self.connection.execute, statement)
        self._schema_changed = True

    def _rows(self, statement: str) -> list[tuple]:
        return self.connection.execute(statement).fetchall()

    def stored_columns(self, table: str) -> dict[str, Stored]:
        rows = self._rows(f"PRAGMA table_info(`{table}`)")
        return {row[1]: (row[2].replace("real", "decimal(21,9)"), row[4], bool(row[3])) for row in rows}

    def index_name(self, table: str, name: str) -> str:
        """Names of indexes are global in SQLite, so they carry their table's."""
        return f"{table}:{name}"

    def stored_indexes(self, table: str) -> dict[str, str]:
        rows = self._rows(f"PRAGMA index_list(`{table}`)")
        return {row[1]: "unique" if row[2] else "index" for row in rows}

    def drop_index(self, table: str, name: str) -> None:
        self.ddl(f"DROP INDEX `{name}`")

    def create_table(self, table: str, columns: list[Column]) -> None:
        lines = ",\n  ".join([*map(_declaration, columns), "PRIMARY KEY (`name`)"])
        self.ddl(f"CREATE TABLE `{table}` (\n  {lines}\n)")

    def alter_table(
        self, table: str, added: list[Column], changed: list[Column], columns: list[Column]
    ) -> None:
        if changed:
            self._rebuild(table, columns)
            return
        for column in added:
            self.ddl(f"ALTER TABLE `{table}` ADD COLUMN {_declaration(column)}")

    def _rebuild(self, table: str, columns: list[Column]) -> None:
        """Copy into a new table; columns that the DocType no longer has are carried along."""
        present = self.stored_columns(table)
        wanted = {c.name: c for c in columns}
        kept = [Column(name, *spec) for name, spec in present.items() if name not in wanted]
        dependents = self._rows(
            "SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
            f" AND tbl_name = {self.quoted(table)}"
        )
        self.ddl(f"ALTER TABLE `{table}` RENAME TO `{table}:old`")
        self.create_table(table, [*columns, *kept])
        names = ", ".join(f"`{name}`" for name in present)
        sources = ", ".join(_source(name, wanted.get(name)) for name in present)
        self.ddl(f"INSERT INTO `{table}` ({names}) SELECT {sources} FROM `{table}:old`")
        self.ddl(f"DROP TABLE `{table}:old`")
        for (statement,) in dependents:
            self.ddl(statement)


def _declaration(column: Column) -> str:
    """The column's part of CREATE TABLE or ADD COLUMN; what MariaDB's types refuse, constraints refuse here.

    Links, options, flags and counters hold what documents have checked; every connection keeps each constraint in memory.
    """
    name, sql_type = f"`{column.name}`", column.sql_type
    kind, _, size = sql_type.rstrip(")").partition("(")
    parts = [name, sql_type.replace("decimal(21,9)", "real")]
    if kind in ("varchar", "text", "longtext"):
        parts.append(f"COLLATE {KEY_COLLATION if column.key else COLLATION}")
    if column.not_null:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if kind == "varchar" and (not column.key or column.name == "name"):
        parts.append(f"CONSTRAINT `length:{column.name}` CHECK (length({name}) <= {size})")
    elif kind in _RANGES and size not in ("1", "8"):
        low, high = _RANGES[kind]
        parts.append(f"CONSTRAINT `range:{column.name}` CHECK ({name} BETWEEN {low} AND {high})")
    return " ".join(parts)


def _source(name: str, column: Column | None) -> str:
    """The old column as an expression for the new one: empty becomes the default where NULL is not allowed."""
    if column and column.not_null and column.default is not None:
        return f"coalesce(nullif(`{name}`, ''), {column.default})"
    return f"`{name}`"
