"""The database as apps see it, `frappe.db`: one base class, one subclass per backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from frappe.database import schema
from frappe.database.reading import table_name
from frappe.database.writing import Writing


class Database(Writing):
    """Tables, columns and indexes. A backend supplies what raises NotImplementedError here."""

    CHILD_TABLE_COLUMNS = schema.CHILD_COLUMNS
    OPTIONAL_COLUMNS = schema.OPTIONAL_COLUMNS
    KEY_COLLATION = ""
    TABLE_OPTIONS = ""

    # Tables and their columns are remembered by each process; emptied when it changes the schema.
    _schemas: dict[tuple, dict[str, dict[str, str]]] = {}

    @property
    def key(self) -> tuple:
        """Which database this is, among all that the process may open."""
        raise NotImplementedError

    def ddl(self, statement: str) -> None:
        """Change the schema. MariaDB commits with it, SQLite does so within the transaction."""
        raise NotImplementedError

    def stored_columns(self, table: str) -> dict[str, tuple[str, str | None, bool]]:
        """Type, default and not-null of each column, as `Column.stored` has them."""
        raise NotImplementedError

    def get_tables(self) -> list[str]:
        raise NotImplementedError

    def create_system_tables(self) -> None:
        """Tables that belong to no DocType: series, singles, passwords."""
        for statement in schema.SYSTEM_TABLES:
            self.ddl(statement.format(key=self.KEY_COLLATION) + self.TABLE_OPTIONS)
        index = self.index_name("tabSingles", "singles_doctype_field_index")
        self.create_index("tabSingles", index, ["doctype", "field"], unique=False)

    def apply_table(self, table: str, columns: list[schema.Column], autoincrement: bool = False) -> None:
        """Make the table have these columns (and keep whatever others it has), with their indexes."""
        try:
            schema.sync_table(self, table, columns, autoincrement)
        finally:
            self.forget_schema()

    def updatedb(self, doctype: str, meta: Any = None) -> None:
        """Create the DocType's table or bring it up to date."""
        schema.updatedb(self, doctype, meta)

    def column_types(self, table: str) -> dict[str, str]:
        known = self._schemas.setdefault(self.key, {})
        if not known.get(table):
            known[table] = {name: stored[0] for name, stored in self.stored_columns(table).items()}
        return known[table]

    def forget_schema(self) -> None:
        """Read columns afresh."""
        self._schemas.pop(self.key, None)

    def table_exists(self, doctype: str, cached: bool = True) -> bool:
        return (cached and bool(self.column_types(table_name(doctype)))) or table_name(
            doctype
        ) in self.get_tables()

    def get_table_columns(self, doctype: str) -> list[str]:
        columns = list(self.column_types(table_name(doctype)))
        if not columns:
            raise self.TableMissingError("DocType", doctype)  # type: ignore[attr-defined]
        return columns

    def get_column_type(self, doctype: str, column: str) -> str | None:
        return self.column_types(table_name(doctype)).get(column)

    def index_name(self, table: str, name: str) -> str:
        return name

    def create_index(self, table: str, name: str, columns: Sequence[str], unique: bool) -> None:
        names = ", ".join(f"`{c}`" for c in columns)
        kind = "UNIQUE INDEX" if unique else "INDEX"
        self.ddl(f"CREATE {kind} IF NOT EXISTS `{name}` ON `{table}` ({names})")
