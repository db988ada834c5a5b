"""Single DocTypes, kept as rows of tabSingles, and defaults."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.database.connection import Connection
from frappe.types.frappedict import _dict


class Singles(Connection):
    """Values are stored as text and cast by the DocType's fields when asked for."""

    def is_single(self, doctype: str) -> bool:
        try:
            return bool(frappe.get_meta(doctype).issingle)
        except frappe.DoesNotExistError:
            return False

    def get_from_single(self, doctype: str, fieldname: Any, as_dict: bool, for_update: bool) -> list:
        """What get_values gives for a single: one row, or none when no asked field was ever stored."""
        values = self.get_singles_dict(doctype, for_update=for_update)
        fields = [fieldname] if isinstance(fieldname, str) else list(fieldname)
        row = values if fieldname == "*" else _dict((f, values.get(f)) for f in fields)
        if fieldname != "*" and not any(f in values for f in fields):
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
        values = self.changes(fieldname, value, update_modified)
        self.sql("DELETE FROM `tabSingles` WHERE doctype = %s AND field IN %s", (doctype, list(values)))
        for field, item in values.items():
            stored = None if item is None else str(int(item) if isinstance(item, bool) else item)
            self.sql(
                "INSERT INTO `tabSingles` (doctype, field, value) VALUES (%s, %s, %s)",
                (doctype, field, stored),
            )
        self.value_cache.clear()
        frappe.clear_document_cache(doctype, doctype)

    @staticmethod
    def changes(
        field: str | dict,
        value: Any,
        update_modified: bool,
        modified: Any = None,
        modified_by: str | None = None,
    ) -> dict[str, Any]:
        """The values to set, with the time and the user of the change."""
        values = dict(field) if isinstance(field, dict) else {field: value}
        if update_modified:
            values["modified"] = modified or frappe.utils.now()
            values["modified_by"] = modified_by or frappe.session.user
        return values

    def get_default(self, key: str, parent: str = "__default") -> Any:
        return frappe.defaults.get_defaults_for(parent).get(key)

    def set_default(self, key: str, val: Any, parent: str = "__default") -> None:
        frappe.defaults.set_default(key, val, parent)

    def get_global(self, key: str) -> Any:
        return self.get_default(key, "__global")

    def set_global(self, key: str, val: Any) -> None:
        self.set_default(key, val, "__global")
