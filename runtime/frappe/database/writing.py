"""Writing rows without documents: set_value, delete, bulk_insert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import frappe
from frappe.database.filters import quote_field, where
from frappe.database.reading import Reading, table_name


class Writing(Reading):
    """No controller runs and no permission is checked: that is the caller's business."""

    INSERT_IGNORE = "INSERT IGNORE"

    def column_types(self, table: str) -> dict[str, str]:
        """MariaDB's type of each column; empty for a table that does not exist."""
        raise NotImplementedError

    def column_value(self, column_type: str | None, value: Any) -> Any:
        """`value` as a column of that type stores it; raises what the server raises when it cannot."""
        return value

    def set_value(
        self,
        dt: str,
        dn: Any,
        field: str | dict,
        val: Any = None,
        *,
        modified: Any = None,
        modified_by: str | None = None,
        update_modified: bool = True,
    ) -> None:
        """Set one field (or several, `field` being a dict) in the documents that match `dn`.

        `dn`: a name, a dict or list of filters. None means the single `dt`.
        """
        if dn is None or dn == dt:
            if self.is_single(dt):
                self.set_single_value(dt, field, val, update_modified=update_modified)
                return
            if dn is None:
                return
        values = self.changes(field, val, update_modified, modified, modified_by)
        assignments = ", ".join(f"{quote_field(f)} = %s" for f in values)
        condition, bound = where(dn)
        types = self.column_types(table_name(dt))
        new = [self.column_value(types.get(f), v) for f, v in values.items()]
        self.sql(f"UPDATE `{table_name(dt)}` SET {assignments}{condition}", new + bound)
        self.value_cache.clear()
        frappe.clear_document_cache(dt, dn if isinstance(dn, str) else None)

    def delete(self, doctype: str, filters: Any = None) -> None:
        """Delete the rows that match, all of them without filters."""
        condition, values = where(filters)
        self.sql(f"DELETE FROM `{table_name(doctype)}`{condition}", values)
        self.value_cache.clear()

    def bulk_insert(
        self,
        doctype: str,
        fields: list[str],
        values: Iterable[Sequence[Any]],
        ignore_duplicates: bool = False,
        *,
        chunk_size: int = 10_000,
    ) -> None:
        """Insert many rows at once; standard columns that `fields` does not name stay NULL."""
        types = self.column_types(table_name(doctype))
        kinds = [types.get(f) for f in fields]
        insert = self.INSERT_IGNORE if ignore_duplicates else "INSERT"
        columns, marks = ", ".join(map(quote_field, fields)), ", ".join(["%s"] * len(fields))
        rows = ([self.column_value(k, v) for k, v in zip(kinds, row, strict=True)] for row in values)
        while chunk := list(islice(rows, chunk_size)):
            self._check_transaction("insert")
            self.execute_many(f"{insert} INTO `{table_name(doctype)}` ({columns}) VALUES ({marks})", chunk)
        self.value_cache.clear()
