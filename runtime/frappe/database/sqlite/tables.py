"""Creating and altering tables in SQLite, which can add a column but not change one: then the table is rebuilt."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from frappe.database.sqlite.columns import KEY_COLLATION, base_type, declaration, size

if TYPE_CHECKING:
    from frappe.database.schema import Column

SYSTEM_TABLES = f"""
CREATE TABLE IF NOT EXISTS tabSeries (
    name varchar(100) NOT NULL PRIMARY KEY COLLATE {KEY_COLLATION}, current int(10) NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS tabSingles (
    doctype varchar(255) COLLATE {KEY_COLLATION}, field varchar(255) COLLATE {KEY_COLLATION}, value longtext
);
CREATE INDEX IF NOT EXISTS `tabSingles:doctype_field` ON tabSingles (doctype, field);
CREATE TABLE IF NOT EXISTS __Auth (
    doctype varchar(140) NOT NULL COLLATE {KEY_COLLATION}, name varchar(255) NOT NULL COLLATE {KEY_COLLATION},
    fieldname varchar(140) NOT NULL, password text NOT NULL, encrypted int(1) NOT NULL DEFAULT 0,
    PRIMARY KEY (doctype, name, fieldname)
);
"""


class TablesMixin:
    """Schema changes of SQLiteDatabase. They are transactional here: a failed change leaves the table as it was."""

    def create_system_tables(self) -> None:
        """Tables that belong to no DocType: series, singles, passwords."""
        self.lock()  # type: ignore[attr-defined]
        for statement in SYSTEM_TABLES.split(";"):
            self._ddl(statement)
        self.commit()  # type: ignore[attr-defined]

    def create_auth_table(self) -> None:
        self.create_system_tables()

    def apply_table(self, table: str, columns: list[Column], autoincrement: bool = False) -> None:
        """Make the table have these columns (and keep whatever others it has), with their indexes."""
        self.lock()  # type: ignore[attr-defined]
        try:
            present = self._present(table)
            if not present:
                self._create(table, columns, autoincrement)
            else:
                self._alter(table, present, columns, autoincrement)
            self._index(table, columns)
        except sqlite3.Error as e:
            self.rollback()  # type: ignore[attr-defined]
            raise self.translated(e, f"alter table {table}") from e  # type: ignore[attr-defined]
        finally:
            self.forget_schema()  # type: ignore[attr-defined]

    def _ddl(self, statement: str) -> sqlite3.Cursor:
        return self.connection.execute(statement)  # type: ignore[attr-defined]

    def _present(self, table: str) -> dict[str, tuple[str, bool, str | None]]:
        rows = self._ddl(f"PRAGMA table_info(`{table}`)").fetchall()
        return {row[1]: (row[2], bool(row[3]), row[4]) for row in rows}

    def _create(
        self, table: str, columns: list[Column], autoincrement: bool, extra: tuple[str, ...] = ()
    ) -> None:
        lines = []
        for column in columns:
            if column.name == "name" and autoincrement:
                lines.append("`name` integer PRIMARY KEY AUTOINCREMENT")
            else:
                line = _declare(column)
                lines.append(line + " PRIMARY KEY" if column.name == "name" else line)
        self._ddl(f"CREATE TABLE `{table}` (\n  " + ",\n  ".join([*lines, *extra]) + "\n)")

    def _alter(self, table: str, present: dict, columns: list[Column], autoincrement: bool) -> None:
        columns = [self._keep_long_values(table, present, c) for c in columns]
        if any(_changed(present[c.name], c) for c in columns if c.name in present and c.name != "name"):
            self._rebuild(table, present, columns, autoincrement)
            return
        for column in columns:
            if column.name not in present:
                self._ddl(f"ALTER TABLE `{table}` ADD COLUMN {_declare(column)}")

    def _keep_long_values(self, table: str, present: dict, column: Column) -> Column:
        """A varchar is not made shorter than what is stored in it."""
        old = present.get(column.name, ("",))[0]
        if (
            base_type(old) != "varchar"
            or base_type(column.sql_type) != "varchar"
            or size(old) <= size(column.sql_type)
        ):
            return column
        longest = self._ddl(f"SELECT max(length(`{column.name}`)) FROM `{table}`").fetchone()[0] or 0
        if longest <= size(column.sql_type):
            return column
        return type(column)(**{**column.__dict__, "sql_type": old})

    def _rebuild(self, table: str, present: dict, columns: list[Column], autoincrement: bool) -> None:
        """Copy into a new table; columns that the DocType no longer has are carried along."""
        dependents = self._dependents(table)
        wanted = {c.name for c in columns}
        kept = tuple(_redeclare(name, spec) for name, spec in present.items() if name not in wanted)
        self._ddl(f"ALTER TABLE `{table}` RENAME TO `{table}:old`")
        self._create(table, columns, autoincrement, kept)
        by_name = {c.name: c for c in columns}
        shared = [name for name in present if name in by_name or name not in wanted]
        sources = ", ".join(_source(name, by_name.get(name)) for name in shared)
        names = ", ".join(f"`{name}`" for name in shared)
        self._ddl(f"INSERT INTO `{table}` ({names}) SELECT {sources} FROM `{table}:old`")
        self._ddl(f"DROP TABLE `{table}:old`")
        for sql in dependents:
            self._ddl(sql)

    def _dependents(self, table: str) -> list[str]:
        rows = self.connection.execute(  # type: ignore[attr-defined]
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('trigger', 'index') AND sql IS NOT NULL",
            (table,),
        )
        return [row[0] for row in rows.fetchall()]

    def _index(self, table: str, columns: list[Column]) -> None:
        existing = {row[1] for row in self._ddl(f"PRAGMA index_list(`{table}`)").fetchall()}
        for column in columns:
            for wanted, prefix, kind in ((column.unique, "unique", "UNIQUE "), (column.index, "index", "")):
                name = f"{table}:{prefix}:{column.name}"
                if wanted and name not in existing:
                    self._ddl(f"CREATE {kind}INDEX `{name}` ON `{table}` (`{column.name}`)")
                elif not wanted and name in existing:
                    self._ddl(f"DROP INDEX `{name}`")

    def change_column_type(self, doctype: str, column: str, type: str, nullable: bool = False) -> None:
        """Give a column another type, keeping its values."""
        table = f"tab{doctype}"
        from frappe.database.schema import Column

        present = self._present(table)
        spec = [
            Column(name, type if name == column else s, d, n and not (nullable and name == column))
            for name, (s, n, d) in present.items()
        ]
        self.commit()  # type: ignore[attr-defined]
        self.apply_table(table, spec)
        self.commit()  # type: ignore[attr-defined]

    def rename_table(self, old_name: str, new_name: str) -> None:
        old, new = (n if n.startswith("tab") else f"tab{n}" for n in (old_name, new_name))
        self.sql_ddl(f"ALTER TABLE `{old}` RENAME TO `{new}`")  # type: ignore[attr-defined]

    def rename_column(self, doctype: str, old_column_name: str, new_column_name: str) -> None:
        self.sql_ddl(f"ALTER TABLE `tab{doctype}` RENAME COLUMN `{old_column_name}` TO `{new_column_name}`")  # type: ignore[attr-defined]

    def get_next_sequence_val(self, doctype: str, **kwargs: Any) -> int:
        """The next name of an autoincrement DocType; numbers are not used twice."""
        self.lock()  # type: ignore[attr-defined]
        key = f"{doctype}_id_seq"
        self.sql(  # type: ignore[attr-defined]
            "INSERT INTO `tabSeries` (name, current) VALUES (%s, 1) "
            "ON DUPLICATE KEY UPDATE current = current + 1",
            (key,),
        )
        return self.sql("SELECT current FROM `tabSeries` WHERE name = %s", (key,))[0][0]  # type: ignore[attr-defined]


def _declare(column: Column) -> str:
    return declaration(column.name, column.sql_type, column.default, column.not_null, column.key)


def _redeclare(name: str, spec: tuple[str, bool, str | None]) -> str:
    sql_type, not_null, default = spec
    return declaration(name, sql_type, default, not_null)


def _stored_type(sql_type: str) -> str:
    return "real" if base_type(sql_type) in ("decimal", "real") else sql_type.lower()


def _changed(present: tuple[str, bool, str | None], column: Column) -> bool:
    sql_type, not_null, default = present
    return (_stored_type(sql_type), not_null, default) != (
        _stored_type(column.sql_type), column.not_null, column.default,
    )  # fmt: skip


def _source(name: str, column: Column | None) -> str:
    """The old column as an expression for the new one: NULL becomes the default where NULL is not allowed."""
    if column is None:
        return f"`{name}`"
    kind = base_type(column.sql_type)
    source = f"`{name}`"
    if kind in ("varchar", "text", "longtext"):
        source = f"CAST({source} AS text)"
    if column.not_null and column.default is not None:
        source = f"coalesce(nullif({source}, ''), {column.default})"
    return source
