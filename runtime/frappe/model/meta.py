"""Metadata of a DocType: its row and fields as installed, overlaid by custom fields and property setters."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import frappe
from frappe.model import child_table_fields, default_fields, no_value_fields, table_fields
from frappe.model.meta_reading import MetaRow, read_definition


class Meta:
    """What is known of a DocType. Shared by all requests of the process: never change it."""

    name: str
    fields: list[MetaRow]
    permissions: list[MetaRow]

    def __init__(self, doctype: str) -> None:
        self.__dict__.update(read_definition(doctype))
        self._by_name = {df.fieldname: df for df in self.fields}
        self.stored_fields = [
            df for df in self.fields if df.fieldtype not in no_value_fields and not df.is_virtual
        ]
        self.required_fields = [df for df in self.fields if df.reqd]
        self.set_only_once_fields = [df for df in self.fields if df.set_only_once]
        self.high_permlevel_fields = [df for df in self.fields if df.permlevel]
        self.table_doctypes = {df.fieldname: df.options for df in self.get_table_fields()}
        standard = [*(field for field in default_fields if field != "doctype")]
        standard += child_table_fields if self.istable else ()
        # Columns with the field that each belongs to, None for the standard ones.
        self.columns: dict[str, MetaRow | None] = dict.fromkeys(standard)
        self.columns.update({df.fieldname: df for df in self.stored_fields})

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return None

    def get(self, key: str, filters: Any = None) -> Any:
        """A property; of `fields` and other rows those that pass the filters."""
        from frappe.model.base_document import filter_rows

        value = self.__dict__.get(key)
        return filter_rows(value or [], filters) if filters else value

    # -- fields ----------------------------------------------------------------------------------------------

    def get_field(self, fieldname: str) -> MetaRow | None:
        return self._by_name.get(fieldname)

    def has_field(self, fieldname: str) -> bool:
        return fieldname in self._by_name

    def fields_of_type(self, *fieldtypes: str) -> list[MetaRow]:
        """The fields of these types; looked up once."""
        known = self.__dict__.setdefault("_by_type", {})
        if fieldtypes not in known:
            known[fieldtypes] = [df for df in self.fields if df.fieldtype in fieldtypes]
        return known[fieldtypes]

    def get_table_fields(self) -> list[MetaRow]:
        return self.fields_of_type(*table_fields)

    def get_link_fields(self) -> list[MetaRow]:
        return self.fields_of_type("Link")

    def get_valid_columns(self) -> list[str]:
        return list(self.columns)

    @cached_property
    def fetched_fields(self) -> dict[str, list[MetaRow]]:
        """Link field → fields that take a value through it (`fetch_from`)."""
        by_link: dict[str, list[MetaRow]] = {}
        for df in self.stored_fields:
            if df.fetch_from and "." in df.fetch_from:
                by_link.setdefault(df.fetch_from.split(".", 1)[0], []).append(df)
        return by_link

    def get_label(self, fieldname: str) -> Any:
        df = self._by_name.get(fieldname)
        return df.label if df else fieldname

    # -- workflow, permission levels ---------------------------------------------------------------------------

    @cached_property
    def workflow(self) -> str:
        """The name of the active workflow, "" when there is none."""
        if frappe.flags.in_install_db:
            return ""
        query = "select name from `tabWorkflow` where document_type = %s and is_active = 1"
        return next(iter(frappe.db.sql(query, (self.name,), pluck=True)), "")

    def get_permlevel_access(self, permission_type: str = "read", *, user: str | None = None) -> list[int]:
        """Permission levels at which the user has the right."""
        roles = set(frappe.get_roles(user))
        rules = self.permissions
        return sorted({p.permlevel or 0 for p in rules if p.role in roles and p.get(permission_type)})

    def get_permitted_fieldnames(
        self,
        parenttype: str | None = None,
        *,
        user: str | None = None,
        permission_type: str = "read",
    ) -> list[str]:
        """Fields that the user may see by permission level; a child table has the rules of its parent."""
        if self.istable and not parenttype:
            return []
        ruling = get_meta(parenttype) if parenttype and self.istable else self
        levels = ruling.get_permlevel_access(permission_type, user=user)
        fields = (*self.stored_fields, *self.get_table_fields())
        return [df.fieldname for df in fields if not ruling.permissions or (df.permlevel or 0) in levels]


def get_meta(doctype: str, cached: bool = True) -> Meta:
    """Metadata, kept as a live object per process until some process changes any metadata."""
    front = frappe.cache.front("meta")
    meta = front.get(doctype) if cached else None
    if meta is None:
        meta = front[doctype] = Meta(doctype)
    return meta
