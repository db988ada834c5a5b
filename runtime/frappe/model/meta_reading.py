"""Definitions of DocTypes as installed, overlaid by custom fields, property setters and custom permissions."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any

import frappe
from frappe.model import META_DOCTYPES
from frappe.types import _dict
from frappe.utils import cint

CHILD_DOCTYPES = {
    "fields": "DocField",
    "permissions": "DocPerm",
    "actions": "DocType Action",
    "links": "DocType Link",
    "states": "DocType State",
}


class MetaRow(_dict):
    """A field, permission rule or link of a DocType."""

    def as_dict(self, **_kwargs: Any) -> _dict:
        return _dict(self)

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def read_definition(doctype: str) -> dict[str, Any]:
    """All properties, with `fields`, `permissions`, … as lists of MetaRow."""
    return _read_file(doctype) if doctype in META_DOCTYPES else _read_database(doctype)


@lru_cache(maxsize=64)
def _file_content(doctype: str) -> str:
    folder = "custom" if doctype in ("Custom Field", "Property Setter") else "core"
    name = frappe.scrub(doctype)
    path = os.path.join(os.path.dirname(frappe.__file__), folder, "doctype", name, f"{name}.json")
    with open(path, encoding="utf-8") as file:
        return file.read()


def _read_file(doctype: str) -> dict[str, Any]:
    parts = json.loads(_file_content(doctype))
    for key, child_doctype in CHILD_DOCTYPES.items():
        rows = parts.get(key) or []
        parts[key] = [MetaRow({"doctype": child_doctype, "idx": i, **row}) for i, row in enumerate(rows, 1)]
    return parts


def _read_database(doctype: str) -> dict[str, Any]:
    rows = frappe.db.sql("select * from `tabDocType` where name = %s", (doctype,), as_dict=True)
    if not rows:
        raise frappe.DoesNotExistError(frappe._("DocType {0} not found").format(doctype))
    parts: dict[str, Any] = dict(rows[0])
    name = parts["name"]
    for key, child_doctype in CHILD_DOCTYPES.items():
        children = frappe.db.sql(
            f"select * from `tab{child_doctype}` where parent = %s and parenttype = 'DocType' and parentfield = %s"
            " order by idx",
            (name, key),
            as_dict=True,
        )
        parts[key] = [MetaRow({**row, "doctype": child_doctype}) for row in children]
    if not frappe.flags.in_install_db:
        _overlay(name, parts)
    return parts


def _overlay(doctype: str, parts: dict[str, Any]) -> None:
    """Custom fields, property setters and the permissions that an administrator changed."""
    custom = frappe.db.sql(
        "select * from `tabCustom Field` where dt = %s order by idx", (doctype,), as_dict=True
    )
    for row in custom:
        parts["fields"].append(
            MetaRow({**row, "doctype": "DocField", "parent": doctype, "is_custom_field": 1})
        )
    if custom:
        _sort_custom_fields(parts["fields"])
    setters = frappe.db.sql(
        "select * from `tabProperty Setter` where doc_type = %s order by creation", (doctype,), as_dict=True
    )
    _apply_property_setters(parts, setters)
    permissions = frappe.db.sql(
        "select * from `tabCustom DocPerm` where parent = %s order by idx", (doctype,), as_dict=True
    )
    if permissions:
        parts["permissions"] = [MetaRow({**row, "doctype": "Custom DocPerm"}) for row in permissions]
    for idx, df in enumerate(parts["fields"], 1):
        df["idx"] = idx


def _sort_custom_fields(fields: list[MetaRow]) -> None:
    """Put every custom field behind the field that it names in `insert_after`, those behind the same one in order."""
    followers: dict[str, list[MetaRow]] = {}
    for df in fields:
        if df.is_custom_field:
            followers.setdefault(df.insert_after or "", []).append(df)
    placed: list[MetaRow] = []

    def place(df: MetaRow) -> None:
        placed.append(df)
        for follower in followers.pop(df.fieldname, ()):
            place(follower)

    for df in fields:
        if not df.is_custom_field:
            place(df)
    for rest in list(followers.values()):
        placed.extend(df for df in rest if df not in placed)
    fields[:] = placed


def _apply_property_setters(parts: dict[str, Any], setters: list[_dict]) -> None:
    fields = {df.fieldname: df for df in parts["fields"]}
    for ps in setters:
        value = cint(ps.value) if ps.property_type in ("Int", "Check") else ps.value
        if ps.doctype_or_field == "DocType":
            parts[ps.property] = value
            if ps.property == "field_order":
                order = {name: i for i, name in enumerate(json.loads(ps.value or "[]"))}
                parts["fields"].sort(key=lambda df, order=order: order.get(df.fieldname, len(order)))
        elif ps.doctype_or_field == "DocField" and ps.field_name in fields:
            fields[ps.field_name][ps.property] = value
