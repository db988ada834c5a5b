"""A DocType's fields as the columns of its table.

Here is what every database has in common: which columns and indexes a DocType wants. How they are made and altered is
each database's own business (`apply_table`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import frappe
from frappe.utils.data import cint, flt

TYPES: dict[str, tuple[str, int | str | None]] = {
    "Currency": ("decimal", "21,9"),
    "Int": ("int", 11),
    "Long Int": ("bigint", 20),
    "Float": ("decimal", "21,9"),
    "Percent": ("decimal", "21,9"),
    "Check": ("int", 1),
    "Small Text": ("text", None),
    "Long Text": ("longtext", None),
    "Code": ("longtext", None),
    "Text Editor": ("longtext", None),
    "Markdown Editor": ("longtext", None),
    "HTML Editor": ("longtext", None),
    "Date": ("date", None),
    "Datetime": ("datetime", 6),
    "Time": ("time", 6),
    "Text": ("text", None),
    "Data": ("varchar", 140),
    "Link": ("varchar", 140),
    "Dynamic Link": ("varchar", 140),
    "Password": ("text", None),
    "Select": ("varchar", 140),
    "Rating": ("decimal", "3,2"),
    "Read Only": ("varchar", 140),
    "Attach": ("text", None),
    "Attach Image": ("text", None),
    "Signature": ("longtext", None),
    "Color": ("varchar", 140),
    "Barcode": ("longtext", None),
    "Geolocation": ("longtext", None),
    "Duration": ("decimal", "21,9"),
    "Icon": ("varchar", 140),
    "Phone": ("varchar", 140),
    "Autocomplete": ("varchar", 140),
    "JSON": ("longtext", None),
}
_ZERO_DEFAULT = frozenset({"Int", "Long Int", "Check", "Currency", "Float", "Percent"})
_LINKS = frozenset({"Link", "Dynamic Link", "Select"})
# Text defaults that mean something at the time of writing, not a constant
_DYNAMIC_DEFAULTS = frozenset({"__user", "today", "__today", "now", "user"})


@dataclass(frozen=True)
class Column:
    """One column as wanted: `key` marks names and links, which are compared at joins."""

    name: str
    sql_type: str
    default: str | None = None
    not_null: bool = False
    key: bool = False
    unique: bool = False
    index: bool = False


def sync_table(db: Any, meta: Any) -> None:
    """Create or alter the table of a DocType: new columns are added, changed ones altered, none is dropped."""
    if cint(meta.get("issingle")) or cint(meta.get("is_virtual")):
        return
    db.commit()
    db.apply_table(f"tab{meta.name}", columns_of(meta), autoincrement=meta.get("autoname") == "autoincrement")
    db.commit()


def columns_of(meta: Any) -> list[Column]:
    """Standard columns, the fields in their order, then the columns that every table of the kind ends with."""
    child = cint(meta.get("istable"))
    columns = [
        Column("name", "varchar(140)", not_null=True, key=True),
        Column("creation", "datetime(6)"),
        Column("modified", "datetime(6)", index=not child),
        Column("modified_by", "varchar(140)", key=True),
        Column("owner", "varchar(140)", key=True),
        Column("docstatus", "int(1)", "0", not_null=True),
        Column("idx", "int(8)", "0", not_null=True),
    ]
    if child:
        columns += [
            Column(c, "varchar(140)", key=True, index=c == "parent") for c in frappe.db.CHILD_TABLE_COLUMNS
        ]
    known = {c.name for c in columns}
    for field in meta.get("fields") or ():
        column = field_column(field)
        if column and column.name not in known:
            known.add(column.name)
            columns.append(column)
    if not child:
        columns += [Column(c, "text") for c in (*frappe.db.OPTIONAL_COLUMNS, *_seen(meta)) if c not in known]
    return columns


def _seen(meta: Any) -> tuple[str, ...]:
    return ("_seen",) if cint(meta.get("track_seen")) else ()


def field_column(field: Any) -> Column | None:
    """The column of a DocField, None for fields without one (tables, breaks, virtual fields)."""
    fieldtype = field.get("fieldtype")
    if fieldtype not in TYPES or cint(field.get("is_virtual")):
        return None
    default, not_null = _default(field, fieldtype)
    return Column(
        name=field.get("fieldname"),
        sql_type=column_type(fieldtype, cint(field.get("length"))),
        default=default,
        not_null=not_null,
        key=fieldtype in _LINKS,
        unique=bool(cint(field.get("unique"))),
        index=bool(cint(field.get("search_index"))),
    )


def column_type(fieldtype: str, length: int = 0) -> str:
    """Type with size, e.g. varchar(140); an Int of more than eleven digits is a bigint."""
    sql_type, size = TYPES[fieldtype]
    if sql_type == "varchar" and length:
        size = length
    if sql_type == "int" and length > 11:
        sql_type, size = "bigint", 20
    return f"{sql_type}({size})" if size else sql_type


def _default(field: Any, fieldtype: str) -> tuple[str | None, bool]:
    value = field.get("default")
    if fieldtype in _ZERO_DEFAULT:
        number = flt(value) if TYPES[fieldtype][0] == "decimal" else cint(value)
        return str(number), True
    if value and TYPES[fieldtype][0] == "varchar" and not _is_dynamic(str(value)):
        return "'" + str(value).replace("'", "''") + "'", False
    return None, False


def _is_dynamic(value: str) -> bool:
    return value.startswith(":") or value.lower() in _DYNAMIC_DEFAULTS
