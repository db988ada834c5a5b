"""The database as apps see it, `frappe.db`: single values, singles, writing rows without documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import frappe
from frappe.database.fields import Fields, split, table_name
from frappe.database.filters import quote_field, where
from frappe.database.tables import Tables
from frappe.types.frappedict import _dict

DEFAULT_ORDER = "KEEP_DEFAULT_ORDERING"


class Database(Tables):
    """No controller runs and no permission is checked: that is the caller's business. Every query is of one table;
    singles come from tabSingles."""

    INSERT_IGNORE = "INSERT IGNORE"

    # -- reading -----------------------------------------------------------------------------------------------

    def get_value(self, doctype: str, filters: Any = None, fieldname: Any = "name", **options: Any) -> Any:
        """The value of one field, a tuple (or dict) of several, None when no row matches.

        `options` are those of get_values.
        """
        rows = self.get_values(doctype, filters, fieldname, limit=1, **options)
        if not rows:
            return None
        return rows[0] if options.get("as_dict") or len(rows[0]) > 1 else rows[0][0]

    def get_values(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        *,
        as_dict: bool = False,
        order_by: str | None = DEFAULT_ORDER,
        for_update: bool = False,
        limit: int | None = None,
    ) -> Any:
        """Rows of a DocType. `filters`: a name, names, a dict or a list of conditions; None finds nothing.

        `for_update` locks what it finds (on SQLite: takes the write lock) before reading. Without a direction
        `order_by` sorts downwards, as in stock Frappe (get_list sorts upwards).
        """
        fields = split(fieldname) if isinstance(fieldname, str) else list(fieldname)
        if (filters is None or filters == doctype) and self.is_single(doctype):
            return self._get_from_single(doctype, fields, as_dict, for_update)
        if filters is None:
            return ()
        condition, values = where(filters)
        query = Fields(doctype)
        sql = f"SELECT {query.select(fields)} FROM {query.table}{condition}"
        if order_by == DEFAULT_ORDER:
            sql += "" if isinstance(filters, (list, tuple)) else " ORDER BY `modified` DESC"
        elif order_by:
            sql += f" ORDER BY {query.order(order_by, 'desc')}"
        sql += f" LIMIT {int(limit)}" if limit else ""
        return self.sql(f"{sql} FOR UPDATE" if for_update else sql, values, as_dict=as_dict)

    def exists(self, dt: Any, dn: Any = None) -> str | None:
        """The name of a matching document, else None."""
        if isinstance(dt, dict):
            dn = {k: v for k, v in dt.items() if k != "doctype"}
            dt = dt["doctype"]
        if dt == dn:
            return dn
        if not dn and not isinstance(dn, dict):
            return None
        return self.get_value(dt, dn, "name", order_by=None)

    def count(self, dt: str, filters: Any = None) -> int:
        """How many documents match."""
        condition, values = where(filters)
        return self.sql(f"SELECT COUNT(*) FROM `{table_name(dt)}`{condition}", values)[0][0]

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        return frappe.get_list(*args, **kwargs)

    def get_all(self, *args: Any, **kwargs: Any) -> Any:
        return frappe.get_all(*args, **kwargs)

    # -- writing -----------------------------------------------------------------------------------------------

    @staticmethod
    def column_value(column_type: str | None, value: Any) -> Any:
        """`value` as a column of that type stores it."""
        return value

    # The values of one column of many rows as `execute_many` takes them.
    column_values: Callable[[str | None, tuple], Sequence[Any]]

    def stored_values(self, doctype: str, values: dict[str, Any]) -> list:
        """The values of a row as its columns store them; raises what the server raises when one cannot."""
        types = self.column_types(table_name(doctype))
        return [self.column_value(types.get(f), v) for f, v in values.items()]

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
        if (dn is None or dn == dt) and self.is_single(dt):
            self.set_single_value(dt, field, val, update_modified=update_modified)
            return
        if dn is None:
            return
        values = _changes(field, val, update_modified, modified, modified_by)
        assignments = ", ".join(f"{quote_field(f)} = %s" for f in values)
        condition, bound = where(dn)
        new = self.stored_values(dt, values)
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
    ) -> None:
        """Insert many rows at once; standard columns that `fields` does not name stay NULL."""
        insert = self.INSERT_IGNORE if ignore_duplicates else "INSERT"
        columns = ", ".join(map(quote_field, fields))
        types = map(self.column_types(table_name(doctype)).get, fields)
        rows = list(zip(*map(self.column_values, types, zip(*values, strict=True)), strict=True))
        if rows:
            self.transaction_writes += 1
            self.execute_many(f"{insert} INTO `{table_name(doctype)}` ({columns}) VALUES ", rows)
        self.value_cache.clear()

    # -- singles: values are stored as text, and cast by the fields when asked for -------------------------------

    def is_single(self, doctype: str) -> bool:
        return bool(frappe.get_meta(doctype).issingle)

    def _get_from_single(self, doctype: str, fields: list[str], as_dict: bool, for_update: bool) -> list:
        """What get_values gives for a single: one row, or none when no asked field was ever stored."""
        values = self.get_singles_dict(doctype, for_update=for_update)
        row = values if fields == ["*"] else _dict((f, values.get(f)) for f in fields)
        if not any(f in values for f in row):
            return [row] if as_dict and len(fields) > 1 else []
        return [row] if as_dict else [tuple(row.values())]

    def get_singles_dict(self, doctype: str, *, for_update: bool = False) -> _dict:
        """Every stored value of a single, as text."""
        query = "SELECT field, value FROM `tabSingles` WHERE doctype = %s"
        return _dict(self.sql(query + (" FOR UPDATE" if for_update else ""), (doctype,)))

    def get_single_value(self, doctype: str, fieldname: str) -> Any:
        """One value of a single, in the type of its field; read once in a transaction."""
        df = frappe.get_meta(doctype).get_field(fieldname)
        if not df:
            field, parent = frappe.bold(fieldname), frappe.bold(doctype)
            raise frappe.ValidationError(frappe._("Field {0} does not exist on {1}").format(field, parent))
        if doctype not in self.value_cache:
            self.value_cache[doctype] = self.get_singles_dict(doctype)
        value = self.value_cache[doctype].get(fieldname)
        return frappe.utils.cast_fieldtype(df.fieldtype, value, show_warning=False)

    def set_single_value(
        self, doctype: str, fieldname: str | dict, value: Any = None, *, update_modified: bool = True
    ) -> None:
        """Store one or several values of a single, without running its controller."""
        values = _changes(fieldname, value, update_modified)
        self.delete("Singles", {"doctype": doctype, "field": ("in", list(values))})
        texts = {f: int(v) if isinstance(v, bool) else v for f, v in values.items()}
        rows = [(doctype, f, None if v is None else str(v)) for f, v in texts.items()]
        self.bulk_insert("Singles", ["doctype", "field", "value"], rows)
        frappe.clear_document_cache(doctype, doctype)

    # -- defaults ----------------------------------------------------------------------------------------------

    def get_default(self, key: str, parent: str = "__default") -> Any:
        return frappe.defaults.get_defaults_for(parent).get(key)

    def set_default(self, key: str, val: Any, parent: str = "__default") -> None:
        frappe.defaults.set_default(key, val, parent)


def _changes(
    field: str | dict, value: Any, update_modified: bool, modified: Any = None, modified_by: str | None = None
) -> dict[str, Any]:
    """The values to set, with the time and the user of the change."""
    values = dict(field) if isinstance(field, dict) else {field: value}
    if update_modified:
        values["modified"] = modified or frappe.utils.now()
        values["modified_by"] = modified_by or frappe.session.user
    return values
