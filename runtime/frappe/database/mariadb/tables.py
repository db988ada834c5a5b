"""Creating and altering tables in MariaDB. Every schema change commits."""

from __future__ import annotations

from frappe.database.database import Database
from frappe.database.schema import Column


class MariaDBTables(Database):
    TABLE_OPTIONS = " ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"

    def ddl(self, statement: str) -> None:
        self.sql_ddl(statement)

    def get_tables(self) -> list[str]:
        return self.sql("SHOW TABLES", pluck=True)

    def stored_columns(self, table: str) -> dict[str, tuple[str, str | None, bool]]:
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
        rows = self.sql(f"SHOW INDEX FROM `{table}`", as_dict=True)
        return {row.Key_name: "index" if row.Non_unique else "unique" for row in rows}

    def drop_index(self, table: str, name: str) -> None:
        self.ddl(f"DROP INDEX `{name}` ON `{table}`")

    def create_table(self, table: str, columns: list[Column], autoincrement: bool) -> None:
        lines = [_declaration(column) for column in columns]
        if autoincrement:
            lines[0] = "`name` bigint(20) NOT NULL"
            sequence = table.removeprefix("tab").lower().replace(" ", "_")
            self.ddl(f"CREATE SEQUENCE IF NOT EXISTS `{sequence}_id_seq` NOCACHE NOCYCLE")
        for column in columns:
            if column.unique or column.index:
                lines.append(f"{'UNIQUE' if column.unique else 'INDEX'} `{column.name}` (`{column.name}`)")
        self.ddl(
            f"CREATE TABLE `{table}` ({', '.join([*lines, 'PRIMARY KEY (`name`)'])}){self.TABLE_OPTIONS}"
        )

    def alter_table(
        self,
        table: str,
        added: list[Column],
        changed: list[Column],
        columns: list[Column],
        autoincrement: bool,
    ) -> None:
        for column in changed:
            if column.not_null and column.default is not None:
                self.sql(
                    f"UPDATE `{table}` SET `{column.name}` = {column.default} WHERE `{column.name}` IS NULL"
                )
        parts = [f"ADD COLUMN {_declaration(c)}" for c in added]
        parts += [f"MODIFY {_declaration(c)}" for c in changed]
        self.ddl(f"ALTER TABLE `{table}` {', '.join(parts)}")

    def get_next_sequence_val(self, doctype: str) -> int:
        sequence = doctype.lower().replace(" ", "_")
        return self.sql(f"SELECT NEXTVAL(`{sequence}_id_seq`)")[0][0]


def _declaration(column: Column) -> str:
    not_null = " NOT NULL" if column.not_null else ""
    default = f" DEFAULT {column.default}" if column.default is not None else ""
    return f"`{column.name}` {column.sql_type}{not_null}{default}"
