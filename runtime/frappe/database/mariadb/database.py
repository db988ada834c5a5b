"""MariaDB as the database, by mysqlclient; isolation is REPEATABLE READ, the server's default."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import MySQLdb
from MySQLdb.constants import FIELD_TYPE
from MySQLdb.converters import conversions

import frappe
from frappe.database.database import Database
from frappe.database.errors import DEADLOCK, LOCK_TIMEOUT
from frappe.database.schema import Column, Stored

# Decimals read as float, as stock Frappe reads them; the driver's own way to read dates takes ten times as long.
_CONVERSIONS = {**conversions, FIELD_TYPE.DECIMAL: float, FIELD_TYPE.NEWDECIMAL: float}
_CONVERSIONS |= {FIELD_TYPE.DATE: date.fromisoformat, FIELD_TYPE.DATETIME: datetime.fromisoformat}
_LOST = frozenset({2006, 2013, 2055})
_RETRYABLE = {DEADLOCK: frappe.QueryDeadlockError, LOCK_TIMEOUT: frappe.QueryTimeoutError}


def address(conf: Any) -> dict[str, Any]:
    """Where the server is: its socket, else host and port."""
    if conf.db_socket:
        return {"unix_socket": conf.db_socket}
    return {"host": conf.db_host or "127.0.0.1", "port": int(conf.db_port or 3306)}


class MariaDBDatabase(Database):
    """A connection that was lost is opened again, but never within a transaction: that one fails as a whole."""

    db_type = "mariadb"
    TABLE_OPTIONS = " ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
    ProgrammingError = TableMissingError = MySQLdb.ProgrammingError
    OperationalError = MySQLdb.OperationalError
    DataError = MySQLdb.DataError

    def __init__(self, conf: Any) -> None:
        super().__init__()
        self.conf = conf
        self.key = ("mariadb", conf.db_name, *address(conf).values())
        self._in_transaction = False

    def connect(self) -> Any:
        return MySQLdb.connect(
            **address(self.conf),
            user=self.conf.db_user or self.conf.db_name,
            password=self.conf.db_password or "",
            database=self.conf.db_name,
            charset="utf8mb4",
            collation="utf8mb4_unicode_ci",
            conv=_CONVERSIONS,
            init_command=f"SET innodb_lock_wait_timeout = {int(self.conf.db_lock_timeout or 15)}",
            multi_statements=False,
        )

    def execute(self, query: str, values: Any) -> tuple[Sequence[tuple], list[str] | None]:
        cursor = self._run(query, values or None)
        if cursor.description is None:
            return (), None
        return cursor.fetchall(), [column[0] for column in cursor.description]

    def column_values(self, column_type: str | None, values: tuple) -> list[bytes]:
        """Values of one column of many rows as SQL, each distinct one written once."""
        if len(set(map(type, values)) - {type(None)}) > 1:  # 1 and True are one key
            return list(map(self.connection.literal, values))
        return list(map({v: self.connection.literal(v) for v in set(values)}.__getitem__, values))

    def execute_many(self, query: str, rows: list[tuple]) -> None:
        """Rows of about a megabyte go into one statement, well below what servers accept."""
        texts = [b"(%b)" % b",".join(row) for row in rows]
        step = max(1, 2**20 // max(map(len, texts)))
        for start in range(0, len(texts), step):
            self._run(query.encode() + b",".join(texts[start : start + step]), None)

    def _run(self, query: str | bytes, values: Any) -> Any:
        cursor = self.connection.cursor()
        try:
            try:
                cursor.execute(query, values)
            except MySQLdb.OperationalError as e:
                if e.args[0] not in _LOST or self._in_transaction:
                    raise
                # an idle connection that the server has closed meanwhile
                self._connection = self.connect()
                cursor = self.connection.cursor()
                cursor.execute(query, values)
        except MySQLdb.OperationalError as e:
            if error := _RETRYABLE.get(e.args[0]):
                raise error(*e.args) from e
            raise
        self._in_transaction = True
        return cursor

    def end_transaction(self, statement: str) -> None:
        if not self._in_transaction:
            return
        self._in_transaction = False
        try:
            getattr(self._connection, statement)()
        except MySQLdb.OperationalError as e:
            self._connection = None
            if statement == "commit" or e.args[0] not in _LOST:
                raise

    def quoted(self, text: str) -> str:
        return "'" + self.connection.escape_string(text).decode() + "'"

    # -- tables: every schema change commits ---------------------------------------------------------------------

    def stored_columns(self, table: str) -> dict[str, Stored]:
        rows = self.sql(
            "SELECT column_name, column_type, column_default, is_nullable FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            (table,),
        )
        return {
            name: (sql_type, None if default == "NULL" else default, nullable == "NO")
            for name, sql_type, default, nullable in rows
        }

    def stored_indexes(self, table: str) -> dict[str, str]:
        rows = self.sql(f"SHOW INDEX FROM `{table}`")
        return {name: "index" if plain else "unique" for _table, plain, name, *_more in rows}

    def drop_index(self, table: str, name: str) -> None:
        self.ddl(f"DROP INDEX `{name}` ON `{table}`")

    def create_table(self, table: str, columns: list[Column]) -> None:
        lines = [_declaration(column) for column in columns]
        indexed = [c for c in columns if c.unique or c.index]
        lines += [f"{'UNIQUE' if c.unique else 'INDEX'} `{c.name}` (`{c.name}`)" for c in indexed]
        self.ddl(f"CREATE TABLE `{table}` ({', '.join(lines)}, PRIMARY KEY (`name`)){self.TABLE_OPTIONS}")

    def alter_table(
        self, table: str, added: list[Column], changed: list[Column], columns: list[Column]
    ) -> None:
        for c in changed:
            if c.not_null and c.default is not None:
                self.sql(f"UPDATE `{table}` SET `{c.name}` = {c.default} WHERE `{c.name}` IS NULL")
        parts = [f"ADD COLUMN {_declaration(c)}" for c in added]
        parts += [f"MODIFY {_declaration(c)}" for c in changed]
        self.ddl(f"ALTER TABLE `{table}` {', '.join(parts)}")


def _declaration(column: Column) -> str:
    default = f" DEFAULT {column.default}" if column.default is not None else ""
    return f"`{column.name}` {column.sql_type}{' NOT NULL' if column.not_null else ''}{default}"
