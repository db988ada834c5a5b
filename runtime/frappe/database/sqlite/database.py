"""SQLite as the database: one file per site, write-ahead log, one writer at a time.

Transactions behave as on MariaDB as far as SQLite allows. Reading opens a snapshot. The first write or locking read
(`for_update`) takes the one write lock (BEGIN IMMEDIATE) and from then on sees the latest committed state; it waits a
bounded time for another writer and then raises QueryTimeoutError. Readers are never blocked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import frappe
from frappe.database.database import Database
from frappe.database.sqlite import errors, pool
from frappe.database.sqlite.columns import column_value
from frappe.database.sqlite.dialect import Statement, translate
from frappe.database.sqlite.functions import register
from frappe.database.sqlite.results import bind, convert_expressions, expression_names, register_converters
from frappe.database.sqlite.tables import TablesMixin

register_converters()
_READS = frozenset({"select", "with", "explain", "pragma", "show", "describe", "desc", ""})
# Column types by database file and table; emptied when this process changes the schema.
_columns: dict[tuple[str, str], dict[str, str]] = {}


class SQLiteDatabase(errors.SQLiteErrors, TablesMixin, Database):
    db_type = "sqlite"
    REGEX_CHARACTER = "regexp"

    def __init__(self, path: str | Path, lock_timeout: float = 15, synchronous: str = "FULL") -> None:
        super().__init__()
        self.path = str(path)
        self.cur_db_name = Path(path).stem
        self.lock_timeout = lock_timeout
        self.synchronous = synchronous
        self._conn: sqlite3.Connection | None = None
        self._writing = False
        self._schema_changed = False

    def connect(self) -> None:
        self._conn = pool.take(self.path, (self.synchronous, self.lock_timeout))
        if self._conn is not None:
            return
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
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self.synchronous}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA mmap_size = 268435456")
        self._conn = connection

    def close(self) -> None:
        if self._conn is not None:
            pool.give_back(self._conn, self.path, (self.synchronous, self.lock_timeout))
            self._conn = None
            self._writing = False

    @property
    def connection(self) -> sqlite3.Connection:
        if self._conn is None:
            self.connect()
        assert self._conn is not None
        return self._conn

    def statement_kind(self, query: str) -> str:
        word = query.lstrip("( \n\t")[:8].split(None, 1)
        return word[0].lower() if word else ""

    def execute(self, query: str, values: Any) -> tuple[list[tuple], list[str] | None]:
        statement = translate(query, bool(values))
        sql, bound = _fill(statement, values)
        if statement.locks or statement.kind not in _READS:
            self.lock(wait="nowait" not in query[-20:].lower())
        elif not self.connection.in_transaction:
            self.connection.execute("BEGIN")
        try:
            cursor = self.connection.execute(sql, bound)
            rows = cursor.fetchall()
        except sqlite3.Error as e:
            raise self.translated(e, query) from e
        if statement.kind in ("create", "alter", "drop"):
            self.forget_schema()
        if cursor.description is None:
            return [], None
        columns = [column[0] for column in cursor.description]
        if "(" in query or "case" in query:
            rows = convert_expressions(query, rows)
            for position, name in expression_names(query):
                columns[position] = name
        return rows, columns

    def execute_many(self, query: str, rows: Iterable[Sequence[Any]], chunk_size: int) -> None:
        statement = translate(query, True)
        iterator = iter(rows)
        while chunk := list(islice(iterator, chunk_size)):
            self.lock()
            self._check_transaction(statement.kind, 0)
            try:
                self.connection.executemany(statement.text, ([bind(v) for v in row] for row in chunk))
            except sqlite3.Error as e:
                raise self.translated(e, query) from e

    def lock(self, wait: bool = True) -> None:
        """Take the write lock. A read snapshot is given up: after the lock, the latest state counts."""
        if self._writing:
            return
        connection = self.connection
        if connection.in_transaction:
            connection.execute("COMMIT")
        if not wait:
            connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as e:
            raise self.translated(e, "BEGIN IMMEDIATE") from e
        finally:
            if not wait:
                connection.execute(f"PRAGMA busy_timeout = {int(self.lock_timeout * 1000)}")
        self._writing = True

    def end_transaction(self, statement: str) -> None:
        self._writing = False
        if self._conn is not None and self._conn.in_transaction:
            try:
                self._conn.execute(statement)
            except sqlite3.Error as e:
                raise self.translated(e, statement) from e
        if self._schema_changed:
            # what was created is undone, or is now there for good
            self.forget_schema()
            self._schema_changed = False

    def run_savepoint(self, statement: str) -> None:
        self.lock()
        try:
            self.connection.execute(statement)
        except sqlite3.Error as e:
            raise self.translated(e, statement) from e

    def mogrify(self, query: Any, values: Any = None) -> str:
        if not isinstance(query, str):
            from frappe.query_builder.execution import compile_query

            query, values = compile_query(query)
        if not values:
            return query
        if isinstance(values, dict):
            return query % {k: self._literal(v) for k, v in values.items()}
        return query % tuple(self._literal(v) for v in values)

    def _literal(self, value: Any) -> str:
        if isinstance(value, (list, tuple, set, frozenset)):
            return "(" + ",".join(self._literal(v) for v in value) + ")"
        bound = bind(value)
        if bound is None:
            return "NULL"
        return str(bound) if isinstance(bound, (int, float)) else self.escape(bound, percent=False)

    def get_tables(self, cached: bool = True) -> list[str]:
        key = (self.path, "")
        if not cached or key not in _columns:
            rows = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            _columns[key] = {row[0]: "" for row in rows}
        return list(_columns[key])

    def column_types(self, table: str) -> dict[str, str]:
        key = (self.path, table)
        if not _columns.get(key):
            rows = self.connection.execute(f"PRAGMA table_info(`{table}`)").fetchall()
            _columns[key] = {row[1]: row[2] for row in rows}
        return _columns[key]

    def column_value(self, column_type: str | None, value: Any) -> Any:
        return column_value(column_type, value)

    def forget_schema(self) -> None:
        """Read tables and columns afresh: now, and again when the transaction is over."""
        self._schema_changed = True
        for key in [k for k in _columns if k[0] == self.path]:
            del _columns[key]

    def describe(self, doctype: str) -> list[tuple]:
        return self.connection.execute(f"PRAGMA table_info(`tab{doctype}`)").fetchall()

    def has_index(self, table_name: str, index_name: str) -> bool:
        names = self.connection.execute(f"PRAGMA index_list(`{table_name}`)").fetchall()
        return any(row[1] in (index_name, f"{table_name}:{index_name}") for row in names)

    def add_index(self, doctype: str, fields: list[str], index_name: str | None = None) -> None:
        """An index over several columns; harmless when it exists."""
        self._add_index(doctype, fields, index_name or self.get_index_name(fields), "")

    def add_unique(self, doctype: str, fields: Any, constraint_name: str | None = None) -> None:
        """A unique key over several columns; harmless when it exists."""
        fields = [fields] if isinstance(fields, str) else list(fields)
        self._add_index(doctype, fields, constraint_name or "unique_" + "_".join(fields), "UNIQUE ")

    def _add_index(self, doctype: str, fields: list[str], name: str, unique: str) -> None:
        columns = ", ".join(f"`{f.split('(')[0]}`" for f in fields)
        # Index names are global in SQLite, so they carry their table's.
        self.sql_ddl(
            f"CREATE {unique}INDEX IF NOT EXISTS `tab{doctype}:{name}` ON `tab{doctype}` ({columns})"
        )

    def get_database_size(self) -> float:
        """In MB."""
        return Path(self.path).stat().st_size / 1024 / 1024


def _fill(statement: Statement, values: Any) -> tuple[str, list]:
    """The text and the flat list of bound values; a list among the values becomes (?, ?, …)."""
    if not statement.slots:
        return statement.text, []
    bound: list[Any] = []
    text = [statement.parts[0]]
    for i, name in enumerate(statement.slots):
        try:
            value = values[name] if name is not None else values[i]
        except (KeyError, IndexError) as e:
            raise frappe.db.ProgrammingError(f"no value for placeholder {name or i + 1}") from e
        if isinstance(value, (list, tuple, set, frozenset)):
            bound.extend(bind(v) for v in value)
            text.append("(" + ",".join("?" * len(value)) + ")")
        else:
            bound.append(bind(value))
            text.append("?")
        text.append(statement.parts[i + 1])
    return "".join(text), bound
