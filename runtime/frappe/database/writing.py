"""Writing rows without documents: set_value, delete, bulk_insert, bulk_update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe.database.filters import quote_field, where
from frappe.database.reading import table_name


class WriteMixin:
    """No controller runs and no permission is checked: that is the caller's business."""

    def set_value(
        self,
        dt: str,
        dn: Any,
        field: str | dict,
        val: Any = None,
        modified: Any = None,
        modified_by: str | None = None,
        update_modified: bool = True,
        debug: bool = False,
    ) -> None:
        """Set one field (or several, `field` being a dict) in the documents that match `dn`.

        `dn`: a name, a dict or list of filters. None means the single `dt`.
        """
        if dn is None or dn == dt:
            if self._is_single(dt):  # type: ignore[attr-defined]
                self.set_single_value(  # type: ignore[attr-defined]
                    dt, field, val, modified=modified, modified_by=modified_by,
                    update_modified=update_modified, debug=debug,
                )  # fmt: skip
                return
            if dn is None:
                return
        values = self._update_dict(field, val, modified, modified_by, update_modified)
        assignments = ", ".join(f"{quote_field(f)} = %s" for f in values)
        condition = where(dn)
        columns = self.column_types(table_name(dt))  # type: ignore[attr-defined]
        self.sql(  # type: ignore[attr-defined]
            f"UPDATE `{table_name(dt)}` SET {assignments}{condition.clause}",
            [self.column_value(columns.get(f), v) for f, v in values.items()] + condition.values,  # type: ignore[attr-defined]
            debug=debug,
        )
        self.forget(dt)
        if isinstance(dn, str):
            frappe.clear_document_cache(dt, dn)
        else:
            frappe.clear_document_cache(dt)

    def forget(self, doctype: str) -> None:
        """Values read earlier in this transaction may have changed."""
        if self.value_cache:  # type: ignore[attr-defined]
            self.value_cache.clear()  # type: ignore[attr-defined]

    def _update_dict(
        self, field: str | dict, value: Any, modified: Any, modified_by: str | None, update_modified: bool
    ) -> dict[str, Any]:
        values = dict(field) if isinstance(field, dict) else {field: value}
        if update_modified:
            values["modified"] = modified or frappe.utils.now()
            values["modified_by"] = modified_by or frappe.session.user
        return values

    def delete(self, doctype: str, filters: Any = None, debug: bool = False, **kwargs: Any) -> None:
        """Delete the rows that match, all of them without filters."""
        filters = filters or kwargs.get("conditions")
        condition = where(filters)
        self.sql(f"DELETE FROM `{table_name(doctype)}`{condition.clause}", condition.values, debug=debug)  # type: ignore[attr-defined]
        self.forget(doctype)

    def truncate(self, doctype: str) -> None:
        """Empty the table; commits, as MariaDB's TRUNCATE does."""
        self.sql_ddl(f"DELETE FROM `{table_name(doctype)}`")  # type: ignore[attr-defined]

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
        columns = self.column_types(table_name(doctype))  # type: ignore[attr-defined]
        kinds = [columns.get(f) for f in fields]
        sql = (
            f"INSERT {'IGNORE ' if ignore_duplicates else ''}INTO `{table_name(doctype)}` "
            f"({', '.join(quote_field(f) for f in fields)}) VALUES ({', '.join(['%s'] * len(fields))})"
        )
        rows = ([self.column_value(k, v) for k, v in zip(kinds, row, strict=True)] for row in values)  # type: ignore[attr-defined]
        self.execute_many(sql, rows, chunk_size)  # type: ignore[attr-defined]
        self.forget(doctype)

    def bulk_update(
        self,
        doctype: str,
        doc_updates: dict[str, dict[str, Any]],
        *,
        chunk_size: int = 100,
        modified: str | None = None,
        modified_by: str | None = None,
        update_modified: bool = True,
        debug: bool = False,
    ) -> None:
        """Set different values in different documents: {name: {field: value}}."""
        for name, values in doc_updates.items():
            if values:
                self.set_value(
                    doctype, name, values, modified=modified, modified_by=modified_by,
                    update_modified=update_modified, debug=debug,
                )  # fmt: skip
