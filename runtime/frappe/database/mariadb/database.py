"""MariaDB as the database, by mysqlclient; isolation is REPEATABLE READ, the server's default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import MySQLdb
from MySQLdb.constants import FIELD_TYPE
from MySQLdb.converters import conversions

import frappe
from frappe.database import pool
from frappe.database.errors import DEADLOCK, LOCK_TIMEOUT
from frappe.database.mariadb.tables import MariaDBTables

# Decimals read as float, as stock Frappe reads them.
_CONVERSIONS = {**conversions, FIELD_TYPE.DECIMAL: float, FIELD_TYPE.NEWDECIMAL: float}
_LOST = frozenset({2006, 2013, 2055})
_RETRYABLE = {DEADLOCK: frappe.QueryDeadlockError, LOCK_TIMEOUT: frappe.QueryTimeoutError}


def address(conf: Any) -> dict[str, Any]:
    """Where the server is: its socket, else host and port."""
    if conf.db_socket:
        return {"unix_socket": conf.db_socket}
    return {"host": conf.db_host or "127.0.0.1", "port": int(conf.db_port or 3306)}


class MariaDBDatabase(MariaDBTables):
    """A connection that was lost is opened again, but never within a transaction: that one fails as a whole."""

    db_type = "mariadb"
    ProgrammingError = TableMissingError = MySQLdb.ProgrammingError
    OperationalError = MySQLdb.OperationalError
    DataError = MySQLdb.DataError
    IntegrityError = MySQLdb.IntegrityError

    def __init__(self, conf: Any) -> None:
        super().__init__()
        self.conf = conf
        self._connection: Any = None
        self._in_transaction = False

    @property
    def key(self) -> tuple:
        return "mariadb", self.conf.db_name, *address(self.conf).values()

    @property
    def connection(self) -> Any:
        if self._connection is None:
            self._connection = pool.take(self.key) or self._connect()
        return self._connection

    def _connect(self) -> Any:
        timeout = int(self.conf.db_lock_timeout or 15)
        return MySQLdb.connect(
            **address(self.conf),
            user=self.conf.db_user or self.conf.db_name,
            password=self.conf.db_password or "",
            database=self.conf.db_name,
            charset="utf8mb4",
            collation="utf8mb4_unicode_ci",
            conv=_CONVERSIONS,
            init_command=f"SET innodb_lock_wait_timeout = {timeout}",
            multi_statements=False,
        )

    def close(self) -> None:
        if self._connection is not None:
            self.end_transaction("rollback")
        if self._connection is not None:
            pool.give_back(self._connection, self.key)
            self._connection = None

    def execute(self, query: str, values: Any) -> tuple[Sequence[tuple], list[str] | None]:
        cursor = self._run("execute", query, values or None)
        if cursor.description is None:
            return (), None
        return cursor.fetchall(), [column[0] for column in cursor.description]

    def execute_many(self, query: str, rows: list[list]) -> None:
        self._run("executemany", query, rows)

    def run_savepoint(self, statement: str) -> None:
        self._run("execute", statement)

    def _run(self, method: str, query: str, values: Any = None) -> Any:
        cursor = self.connection.cursor()
        try:
            try:
                getattr(cursor, method)(query, values)
            except MySQLdb.OperationalError as e:
                if e.args[0] not in _LOST or self._in_transaction:
                    raise
                # an idle connection that the server has closed meanwhile
                self._connection = self._connect()
                cursor = self.connection.cursor()
                getattr(cursor, method)(query, values)
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
