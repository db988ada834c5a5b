"""The tables of a database: their columns and indexes, and how they are brought in line with the DocTypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import frappe
from frappe.database.connection import Connection
from frappe.database.fields import table_name
from frappe.database.schema import SYSTEM_TABLES, Column, Stored, columns_of
from frappe.utils.numbers import cint


class Tables(Connection):
    """Which table is how in the database is remembered by each process until it changes a table itself."""

    # What a backend supplies:
    KEY_COLLATION = ""  # for names and links
    TABLE_OPTIONS = ""
    stored_columns: Callable[[str], dict[str, Stored]]
    stored_indexes: Callable[[str], dict[str, str]]  # name → "unique" or "index"
    create_table: Callable[[str, list[Column]], None]
    # The added, the changed and all columns of the table
    alter_table: Callable[[str, list[Column], list[Column], list[Column]], None]
    drop_index: Callable[[str, str], None]

    _schemas: dict[tuple, dict[str, dict[str, str]]] = {}

    def column_types(self, table: str) -> dict[str, str]:
        """MariaDB's type of each column; empty for a table that does not exist."""
        known = self._schemas.setdefault(self.key, {})
        if not known.get(table):
            known[table] = {name: stored[0] for name, stored in self.stored_columns(table).items()}
        return known[table]

    def forget_schema(self) -> None:
        """Read columns afresh."""
        self._schemas.pop(self.key, None)

    def ddl(self, statement: str) -> None:
        """Change the schema; without a commit where the database can."""
        self.sql_ddl(statement)

    def sql_ddl(self, query: str) -> None:
        """Run a statement that changes the schema; commits before and after, as MariaDB does."""
        self.commit()
        self.sql(query)
        self.commit()
        self.forget_schema()

    def table_exists(self, doctype: str, cached: bool = True) -> bool:
        if not cached:
            self.forget_schema()
        return bool(self.column_types(table_name(doctype)))

    def get_table_columns(self, doctype: str) -> list[str]:
        columns = list(self.column_types(table_name(doctype)))
        if not columns:
            raise self.TableMissingError("DocType", doctype)  # type: ignore[attr-defined]
        return columns

    def create_system_tables(self) -> None:
        """Tables that belong to no DocType: series, singles, passwords, sessions."""
        for statement in SYSTEM_TABLES:
            self.ddl(statement.format(key=self.KEY_COLLATION) + self.TABLE_OPTIONS)
        index = self.index_name("tabSingles", "singles_doctype_field_index")
        self.create_index("tabSingles", index, ["doctype", "field"], unique=False)

    def updatedb(self, doctype: str, meta: Any = None) -> None:
        """Create the DocType's table or bring it up to date; commits."""
        meta = meta or frappe.get_meta(doctype)
        if cint(meta.get("issingle")):
            return
        self.commit()
        self.apply_table(f"tab{meta.name}", columns_of(meta))
        self.commit()

    def apply_table(self, table: str, columns: list[Column]) -> None:
        """Make the table have these columns (and keep whatever others it has), with their indexes."""
        try:
            present = self.stored_columns(table)
            if not present:
                self.create_table(table, columns)
            else:
                added = [c for c in columns if c.name not in present]
                changed = [
                    c for c in columns if present.get(c.name, c.stored) != c.stored and c.name != "name"
                ]
                if added or changed:
                    self.alter_table(table, added, changed, columns)
            self._sync_indexes(table, columns)
        except Exception:
            self.rollback()  # on SQLite, of the changes that were made
            raise
        finally:
            self.forget_schema()

    def _sync_indexes(self, table: str, columns: list[Column]) -> None:
        present = self.stored_indexes(table)
        for column in columns:
            name = self.index_name(table, column.name)
            kind = "unique" if column.unique else "index" if column.index else None
            if name in present and present[name] != kind:
                self.drop_index(table, name)
            if kind and present.get(name) != kind:
                self.create_index(table, name, [column.name], unique=column.unique)

    def index_name(self, table: str, name: str) -> str:
        return name

    def create_index(self, table: str, name: str, columns: Sequence[str], unique: bool) -> None:
        names = ", ".join(f"`{c}`" for c in columns)
        kind = "UNIQUE INDEX" if unique else "INDEX"
        self.ddl(f"CREATE {kind} IF NOT EXISTS `{name}` ON `{table}` ({names})")
