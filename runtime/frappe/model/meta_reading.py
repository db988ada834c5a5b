"""Definitions of DocTypes as installed, overlaid by custom fields, property setters and custom permissions."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import frappe
from frappe.model import META_DOCTYPES
from frappe.types import _dict
from frappe.utils import cint

CHILD_DOCTYPES = {"fields": "DocField", "permissions": "DocPerm"}


class MetaRow(_dict):
    """A field or a permission rule. Attributes are found as fast as those of any object: they are looked up often."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        object.__setattr__(self, "__dict__", self)


def read_definition(doctype: str) -> dict[str, Any]:
    """All properties, with `fields` and `permissions` as lists of rows."""
    return _read_file(doctype) if doctype in META_DOCTYPES else _read_database(doctype)


@lru_cache(maxsize=len(META_DOCTYPES))
def _read_file(doctype: str) -> dict[str, Any]:
    folder = "custom" if doctype in ("Custom Field", "Property Setter") else "core"
    name = frappe.scrub(doctype)
    path = Path(frappe.__file__).parent / folder / "doctype" / name / f"{name}.json"
    definition = json.loads(path.read_text(encoding="utf-8"))
    for key, child in CHILD_DOCTYPES.items():
        definition[key] = [MetaRow({"doctype": child, **row}) for row in definition.get(key) or []]
    return definition


def _read_database(doctype: str) -> dict[str, Any]:
    definition: dict[str, Any] = next(iter(_rows("DocType", "name", doctype)), _dict())
    if not definition or definition["name"] != doctype:
        # The database finds "merchant", too: under that name no hook and no controller would know the DocType.
        raise frappe.DoesNotExistError(frappe.messages.fill(frappe._("DocType {0} not found"), doctype))
    for key, child in CHILD_DOCTYPES.items():
        definition[key] = _rows(child, "parent", definition["name"], "idx")
    if not frappe.flags.in_install_db:
        _overlay(definition["name"], definition)
    return definition


def _rows(doctype: str, column: str, value: str, order: str = "name") -> list[_dict]:
    query = f"select * from `tab{doctype}` where `{column}` = %s order by {order}"
    return [MetaRow(row, doctype=doctype) for row in frappe.db.sql(query, (value,), as_dict=True)]


def _overlay(doctype: str, definition: dict[str, Any]) -> None:
    """Custom fields, property setters and the permissions that an administrator changed."""
    if custom := _rows("Custom Field", "dt", doctype, "idx"):
        definition["fields"] = _with_custom_fields(definition["fields"], custom)
    fields = {df.fieldname: df for df in definition["fields"]}
    for setter in _rows("Property Setter", "doc_type", doctype, "creation"):
        value = cint(setter.value) if setter.property_type in ("Int", "Check") else setter.value
        if setter.doctype_or_field == "DocType":
            definition[setter.property] = value
        elif setter.field_name in fields:
            fields[setter.field_name][setter.property] = value
    definition["permissions"] = _rows("Custom DocPerm", "parent", doctype, "idx") or definition["permissions"]


def _with_custom_fields(fields: list[_dict], custom: list[_dict]) -> list[_dict]:
    """Every custom field behind the one that it names in `insert_after`, those behind the same one in order."""
    followers: dict[str, list[_dict]] = {}
    for df in custom:
        df.update(doctype="DocField", parent=df.dt, is_custom_field=1)
        followers.setdefault(df.insert_after or "", []).append(df)
    placed: list[_dict] = []

    def place(df: _dict) -> None:
        placed.append(df)
        for follower in followers.pop(df.fieldname, ()):
            place(follower)

    for df in fields:
        place(df)
    return placed + [df for rest in followers.values() for df in rest]
