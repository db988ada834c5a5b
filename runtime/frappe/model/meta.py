"""Metadata of a DocType: its row and fields as installed, overlaid by custom fields and property setters."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import frappe
from frappe.model import (
    child_table_fields,
    data_fieldtypes,
    default_fields,
    no_value_fields,
    optional_fields,
    table_fields,
)
from frappe.model.meta_reading import CHILD_DOCTYPES, MetaRow, read_definition
from frappe.types import _dict
from frappe.utils import cint


class Meta:
    """What is known of a DocType. Shared by all requests of the process: never change it."""

    name: str
    fields: list[MetaRow]
    permissions: list[MetaRow]

    def __init__(self, doctype: str) -> None:
        parts = read_definition(doctype)
        self.__dict__.update(parts)
        self.doctype = "DocType"
        self._by_name = {df.fieldname: df for df in self.fields}

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return None

    @property
    def meta(self) -> Meta:
        return get_meta("DocType")

    # -- fields ----------------------------------------------------------------------------------------------

    def get(self, key: str, filters: Any = None, limit: int | None = None, default: Any = None) -> Any:
        if filters is not None and not isinstance(filters, dict):
            default = filters
            filters = None
        value = getattr(self, key, None) if key in self.__dict__ or key == "meta" else default
        if filters:
            from frappe.model.base_document import _filter

            value = _filter(value or [], filters, limit)
        return value

    def get_field(self, fieldname: str) -> MetaRow | None:
        return self._by_name.get(fieldname)

    def has_field(self, fieldname: str) -> bool:
        return fieldname in self._by_name

    @cached_property
    def _table_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.fieldtype in table_fields]

    def get_table_fields(self) -> list[MetaRow]:
        return self._table_fields

    @cached_property
    def _table_doctypes(self) -> dict[str, str]:
        return {df.fieldname: df.options for df in self._table_fields}

    def get_table_field_doctype(self, fieldname: str) -> str | None:
        return self._table_doctypes.get(fieldname)

    @cached_property
    def link_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.fieldtype == "Link" and df.options != "[Select]"]

    def get_link_fields(self) -> list[MetaRow]:
        return self.link_fields

    @cached_property
    def dynamic_link_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.fieldtype == "Dynamic Link"]

    def get_dynamic_link_fields(self) -> list[MetaRow]:
        return self.dynamic_link_fields

    @cached_property
    def _data_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.fieldtype == "Data"]

    def get_data_fields(self) -> list[MetaRow]:
        return self._data_fields

    @cached_property
    def _select_fields(self) -> list[MetaRow]:
        skipped = ("[Select]", "Loading...")
        return [df for df in self.fields if df.fieldtype == "Select" and df.options not in skipped]

    def get_select_fields(self) -> list[MetaRow]:
        return self._select_fields

    def get_phone_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.fieldtype == "Phone"]

    @cached_property
    def _set_only_once_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.set_only_once]

    def get_set_only_once_fields(self) -> list[MetaRow]:
        return self._set_only_once_fields

    @cached_property
    def _valid_columns(self) -> list[str]:
        stored = [df.fieldname for df in self.fields if df.fieldtype in data_fieldtypes and not df.is_virtual]
        standard = [field for field in default_fields if field != "doctype"]
        return standard + stored + (list(child_table_fields) if self.istable else [])

    def get_valid_columns(self) -> list[str]:
        return self._valid_columns

    @cached_property
    def valid_column_set(self) -> frozenset[str]:
        return frozenset(self._valid_columns)

    @cached_property
    def virtual_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if df.is_virtual]

    @cached_property
    def default_value_fields(self) -> list[MetaRow]:
        """Fields that may get a value in a new document."""
        return [df for df in self.fields if df.fieldtype in data_fieldtypes and not df.is_virtual]

    def get_fieldnames_with_value(
        self, with_field_meta: bool = False, with_virtual_fields: bool = False
    ) -> list:
        chosen = [
            df
            for df in self.fields
            if (df.fieldtype not in no_value_fields or df.fieldtype in table_fields)
            and (with_virtual_fields or not df.is_virtual)
        ]
        return chosen if with_field_meta else [df.fieldname for df in chosen]

    def get_fields_to_fetch(self, link_fieldname: str | None = None) -> list[MetaRow]:
        """Fields whose value comes through a link field (`fetch_from`)."""
        by_link = self._fetched_fields
        if link_fieldname is None:
            return [df for fields in by_link.values() for df in fields]
        return by_link.get(link_fieldname, [])

    @cached_property
    def _fetched_fields(self) -> dict[str, list[MetaRow]]:
        by_link: dict[str, list[MetaRow]] = {}
        for df in self.fields:
            if df.fetch_from and "." in df.fetch_from and df.fieldtype not in no_value_fields:
                by_link.setdefault(df.fetch_from.split(".", 1)[0], []).append(df)
        return by_link

    # -- labels, titles --------------------------------------------------------------------------------------

    def get_label(self, fieldname: str) -> Any:
        if df := self._by_name.get(fieldname):
            return df.get("label")
        standard = {
            "name": "ID",
            "creation": "Created On",
            "docstatus": "Document Status",
            "idx": "Index",
            "modified": "Last Updated On",
            "modified_by": "Last Updated By",
            "owner": "Created By",
            "_user_tags": "Tags",
            "_liked_by": "Liked By",
            "_comments": "Comments",
            "_assign": "Assigned To",
        }
        return standard.get(fieldname, "No Label")

    def get_options(self, fieldname: str) -> str | None:
        df = self._by_name.get(fieldname)
        return df.options if df else None

    def get_title_field(self) -> str:
        title_field: str | None = self.__dict__.get("title_field")
        if not title_field and self.has_field("title"):
            title_field = "title"
        return title_field or "name"

    def get_search_fields(self) -> list[str]:
        fields = [field.strip() for field in (self.search_fields or "name").split(",")]
        return fields if "name" in fields else [*fields, "name"]

    # -- workflow, permission levels ---------------------------------------------------------------------------

    def get_workflow(self) -> str:
        from frappe.model.workflow import get_workflow_name

        return get_workflow_name(self.name)

    @cached_property
    def high_permlevel_fields(self) -> list[MetaRow]:
        return [df for df in self.fields if (df.permlevel or 0) > 0]

    def get_high_permlevel_fields(self) -> list[MetaRow]:
        return self.high_permlevel_fields

    def get_permlevel_access(
        self, permission_type: str = "read", parenttype: str | None = None, *, user: str | None = None
    ) -> list[int]:
        """Permission levels at which the user has the right."""
        roles = set(frappe.get_roles(user))
        levels = {
            perm.permlevel or 0
            for perm in self.get_permissions(parenttype)
            if perm.role in roles and perm.get(permission_type)
        }
        return sorted(levels)

    def get_permissions(self, parenttype: str | None = None) -> list[MetaRow]:
        """Rules of the DocType; a child table has those of its parent."""
        if self.istable and parenttype:
            return get_meta(parenttype).permissions
        return self.permissions or []

    def get_permitted_fieldnames(
        self,
        parenttype: str | None = None,
        *,
        user: str | None = None,
        permission_type: str = "read",
        with_virtual_fields: bool = True,
    ) -> list[str]:
        """Fields that the user may see by permission level."""
        if self.istable and not parenttype:
            return []
        fields = self.get_fieldnames_with_value(with_field_meta=True, with_virtual_fields=with_virtual_fields)
        if not self.get_permissions(parenttype):
            return [df.fieldname for df in fields]
        levels = self.get_permlevel_access(permission_type, parenttype, user=user)
        if 0 not in levels and permission_type == "select":
            return list(self.get_search_fields())
        return [df.fieldname for df in fields if (df.permlevel or 0) in levels]

    def as_dict(self, no_nulls: bool = False) -> _dict:
        values = {key: value for key, value in self.__dict__.items() if not key.startswith("_")}
        for key in CHILD_DOCTYPES:
            values[key] = [row.as_dict() for row in values.get(key) or []]
        return _dict({key: value for key, value in values.items() if not no_nulls or value is not None})


# -- reading ---------------------------------------------------------------------------------------------------


def get_meta(doctype: str, cached: bool = True) -> Meta:
    """Metadata, kept as a live object per process until some process changes any metadata."""
    if not isinstance(doctype, str):
        doctype = doctype.doctype
    front = frappe.cache.front("meta")
    meta = front.get(doctype) if cached else None
    if meta is None:
        meta = front[doctype] = Meta(doctype)
    return meta


def clear_meta_cache(doctype: str | None = None) -> None:
    frappe.cache.invalidate_fronts()


# -- helpers that Frappe keeps here ------------------------------------------------------------------------------


def get_field_precision(df: Any, doc: Any = None, currency: str | None = None) -> int:
    """Decimals of a number field: its own, else those of System Settings."""
    if df.get("precision"):
        return cint(df.precision)
    setting = "currency_precision" if df.fieldtype == "Currency" else "float_precision"
    configured = cint(frappe.get_system_settings(setting))
    return configured or (2 if df.fieldtype == "Currency" else 3)


def get_default_df(fieldname: str) -> _dict | None:
    if fieldname not in (*default_fields, *child_table_fields):
        return None
    if fieldname in ("creation", "modified"):
        return _dict(fieldname=fieldname, fieldtype="Datetime")
    if fieldname in ("idx", "docstatus"):
        return _dict(fieldname=fieldname, fieldtype="Int")
    if fieldname in ("owner", "modified_by"):
        return _dict(fieldname=fieldname, fieldtype="Link", options="User")
    return _dict(fieldname=fieldname, fieldtype="Data")


__all__ = ["Meta", "clear_meta_cache", "get_field_precision", "get_meta", "optional_fields"]
