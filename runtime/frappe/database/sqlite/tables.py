"""Creating and altering tables in SQLite, which can add a column but not change one: then the table is rebuilt.

Schema changes are transactional here: a failed change leaves the table as it was.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from frappe.database.database import Database
from frappe.database.schema import Column
from frappe.database.sqlite.errors import translated
from frappe.database.sqlite.functions import COLLATION, KEY_COLLATION

_RANGES = {"int": (-(2**31), 2**31 - 1), "decimal": ("-1e12", "1e12")}


class SQLiteTables(Database):
    @property
    def connection(self) -> sqlite3.Connection:
        raise NotImplementedError

    def apply_table(self, table: str, columns: list[Column], autoincrement: bool = False) -> None:
        try:
            super().apply_table(table, columns, autoincrement)
        except sqlite3.Error as e:
            self.rollback()
            raise translated(e) from e

    def _rows(self, statement: str) -> list[tuple]:
        return self.connection.execute(statement).fetchall()

    def get_tables(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")]

    def stored_columns(self, table: str) -> dict[str, tuple[str, str | None, bool]]:
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

    def create_table(
        self, table: str, columns: list[Column], autoincrement: bool, kept: tuple[Column, ...] = ()
    ) -> None:
        lines = []
        for column in (*columns, *kept):
            if column.name != "name":
                lines.append(_declaration(column))
            elif autoincrement:
                lines.append("`name` integer PRIMARY KEY AUTOINCREMENT")
            else:
                lines.append(_declaration(column) + " PRIMARY KEY")
        self.ddl(f"CREATE TABLE `{table}` (\n  " + ",\n  ".join(lines) + "\n)")

    def alter_table(
        self,
        table: str,
        added: list[Column],
        changed: list[Column],
        columns: list[Column],
        autoincrement: bool,
    ) -> None:
        if changed:
            self._rebuild(table, columns, autoincrement)
            return
        for column in added:
            self.ddl(f"ALTER TABLE `{table}` ADD COLUMN {_declaration(column)}")

    def _rebuild(self, table: str, columns: list[Column], autoincrement: bool) -> None:
        """Copy into a new table; columns that the DocType no longer has are carried along."""
        present = self.stored_columns(table)
        wanted = {c.name: c for c in columns}
        kept = tuple(Column(name, *spec) for name, spec in present.items() if name not in wanted)
        dependents = self._rows(
            "SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL"
            f" AND tbl_name = {self.quoted(table)}"
        )
        self.ddl(f"ALTER TABLE `{table}` RENAME TO `{table}:old`")
        self.create_table(table, columns, autoincrement, kept)
        names = ", ".join(f"`{name}`" for name in present)
        sources = ", ".join(_source(name, wanted.get(name)) for name in present)
        self.ddl(f"INSERT INTO `{table}` ({names}) SELECT {sources} FROM `{table}:old`")
        self.ddl(f"DROP TABLE `{table}:old`")
        for (statement,) in dependents:
            self.ddl(statement)

    def get_next_sequence_val(self, doctype: str) -> int:
        key = (f"{doctype}_id_seq",)
        self.sql("INSERT OR IGNORE INTO `tabSeries` (name, current) VALUES (%s, 0)", key)
        self.sql("UPDATE `tabSeries` SET current = current + 1 WHERE name = %s", key)
        return self.sql("SELECT current FROM `tabSeries` WHERE name = %s", key)[0][0]


def _declaration(column: Column) -> str:
    """The column's part of CREATE TABLE or ADD COLUMN; what MariaDB's types refuse, constraints refuse here."""
    name, kind = f"`{column.name}`", column.base_type
    parts = [name, column.sql_type.replace("decimal(21,9)", "real")]
    if kind in ("varchar", "text", "longtext"):
        parts.append(f"COLLATE {KEY_COLLATION if column.key else COLLATION}")
    if column.not_null:
        parts.append("NOT NULL")
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if kind == "varchar":
        parts.append(f"CONSTRAINT `length:{column.name}` CHECK (length({name}) <= {column.size})")
    elif kind in _RANGES:
        low, high = _RANGES[kind]
        parts.append(f"CONSTRAINT `range:{column.name}` CHECK ({name} BETWEEN {low} AND {high})")
    return " ".join(parts)


def _source(name: str, column: Column | None) -> str:
    """The old column as an expression for the new one: NULL becomes the default where NULL is not allowed."""
    source: Any = f"`{name}`"
    if column and column.base_type in ("varchar", "text", "longtext"):
        source = f"CAST({source} AS text)"
    if column and column.not_null and column.default is not None:
        source = f"coalesce(nullif({source}, ''), {column.default})"
    return source
