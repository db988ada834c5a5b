"""Single DocTypes, kept as rows of tabSingles, and defaults."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.types.frappedict import _dict


class SinglesMixin:
    """Values are stored as text and cast by the DocType's fields when asked for."""

    def _is_single(self, doctype: str) -> bool:
        try:
            return bool(frappe.get_meta(doctype).issingle)
        except frappe.DoesNotExistError:
            return False

    def _get_from_single(
        self, doctype: str, fieldname: Any, as_dict: bool, update: dict | None, pluck: bool, for_update: bool
    ) -> list:
        values = self.get_singles_dict(doctype, for_update=for_update)
        if fieldname == "*":
            row = _dict(values)
        else:
            fields = [fieldname] if isinstance(fieldname, str) else list(fieldname)
            row = _dict((f, values.get(f)) for f in fields)
            if not any(f in values for f in fields):
                return [row] if as_dict and len(fields) > 1 else []
        if as_dict:
            return [row.update(update)] if update else [row]
        return [next(iter(row.values()))] if pluck else [tuple(row.values())]

    def get_singles_dict(
        self, doctype: str, debug: bool = False, *, for_update: bool = False, cast: bool = False
    ) -> _dict:
        """Every stored value of a single; `cast` gives them the types of their fields."""
        rows = self.sql(  # type: ignore[attr-defined]
            "SELECT field, value FROM `tabSingles` WHERE doctype = %s"
            + (" FOR UPDATE" if for_update else ""),
            (doctype,),
            debug=debug,
        )
        values = _dict(rows)
        if not cast:
            return values
        meta = frappe.get_meta(doctype)
        for field, value in values.items():
            df = meta.get_field(field)
            if df:
                values[field] = frappe.utils.cast_fieldtype(df.fieldtype, value, show_warning=False)
        return values

    def get_single_value(self, doctype: str, fieldname: str, cache: bool = True) -> Any:
        """One value of a single, in the type of its field."""
        key = ("single", doctype)
        values = self.value_cache.get(key) if cache else None  # type: ignore[attr-defined]
        if values is None:
            values = self.get_singles_dict(doctype)
            self.value_cache[key] = values  # type: ignore[attr-defined]
        df = frappe.get_meta(doctype).get_field(fieldname)
        if not df:
            raise frappe.ValidationError(
                frappe._("Field {0} does not exist on {1}").format(
                    frappe.bold(fieldname), frappe.bold(doctype)
                )
            )
        return frappe.utils.cast_fieldtype(df.fieldtype, values.get(fieldname), show_warning=False)

    def set_single_value(
        self,
        doctype: str,
        fieldname: str | dict,
        value: Any = None,
        *,
        modified: Any = None,
        modified_by: str | None = None,
        update_modified: bool = True,
        debug: bool = False,
    ) -> None:
        """Store one or several values of a single, without running its controller."""
        values = self._update_dict(fieldname, value, modified, modified_by, update_modified)  # type: ignore[attr-defined]
        fields = list(values)
        self.sql(  # type: ignore[attr-defined]
            "DELETE FROM `tabSingles` WHERE doctype = %s AND field IN %s", (doctype, fields), debug=debug
        )
        for field, item in values.items():
            self.sql(  # type: ignore[attr-defined]
                "INSERT INTO `tabSingles` (doctype, field, value) VALUES (%s, %s, %s)",
                (
                    doctype,
                    field,
                    None if item is None else str(int(item) if isinstance(item, bool) else item),
                ),
                debug=debug,
            )
        self.forget(doctype)  # type: ignore[attr-defined]
        frappe.clear_document_cache(doctype, doctype)

    def get_system_setting(self, key: str) -> Any:
        return frappe.get_system_settings(key)

    def get_default(self, key: str, parent: str = "__default") -> Any:
        return frappe.defaults.get_defaults_for(parent).get(key)

    def set_default(
        self, key: str, val: Any, parent: str = "__default", parenttype: str | None = None
    ) -> None:
        frappe.defaults.set_default(key, val, parent, parenttype or "__default")

    def add_default(
        self, key: str, val: Any, parent: str = "__default", parenttype: str | None = None
    ) -> None:
        frappe.defaults.add_default(key, val, parent, parenttype)

    def get_defaults(self, key: str | None = None, parent: str = "__default") -> Any:
        values = frappe.defaults.get_defaults_for(parent)
        return values.get(key) if key else values

    def get_global(self, key: str, user: str = "__global") -> Any:
        return self.get_default(key, user)

    def set_global(self, key: str, val: Any, user: str = "__global") -> None:
        self.set_default(key, val, user)
