"""A DocType's fields as the columns of its table, and the table brought in line with them.

Here is what every backend has in common: which columns and indexes a DocType wants, and what of that is missing. How
a table is created and altered is the backend's own business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import frappe
from frappe.utils.data import cint, flt

_NAME = "varchar(140)"
_TYPES = {
    _NAME: (
        "Data",
        "Link",
        "Dynamic Link",
        "Select",
        "Read Only",
        "Color",
        "Icon",
        "Autocomplete",
        "Phone",
    ),
    "decimal(21,9)": ("Currency", "Float", "Percent", "Duration"),
    "decimal(3,2)": ("Rating",),
    "int(11)": ("Int",),
    "bigint(20)": ("Long Int",),
    "int(1)": ("Check",),
    "text": ("Small Text", "Text", "Password", "Attach", "Attach Image"),
    "longtext": ("Long Text", "Code", "Text Editor", "Markdown Editor", "HTML Editor", "JSON", "Signature"),
    "date": ("Date",),
    "datetime(6)": ("Datetime",),
    "time(6)": ("Time",),
}
TYPES = {fieldtype: sql_type for sql_type, fieldtypes in _TYPES.items() for fieldtype in fieldtypes}
_ZERO_DEFAULT = frozenset({"Int", "Long Int", "Check", "Currency", "Float", "Percent"})
_LINKS = frozenset({"Link", "Dynamic Link", "Select"})
# Text defaults that mean something at the time of writing, not a constant
_DYNAMIC_DEFAULTS = frozenset({"__user", "today", "__today", "now", "user"})
CHILD_COLUMNS = ("parent", "parenttype", "parentfield")
OPTIONAL_COLUMNS = ("_user_tags", "_comments", "_assign", "_liked_by")


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

    @property
    def stored(self) -> tuple[str, str | None, bool]:
        """What the server tells about it: type, default, not null."""
        return self.sql_type, self.default, self.not_null

    @property
    def base_type(self) -> str:
        return self.sql_type.split("(")[0]

    @property
    def size(self) -> int:
        """Of a varchar, in characters."""
        return int(self.sql_type.removeprefix("varchar(").rstrip(")"))


def columns_of(meta: Any) -> list[Column]:
    """Standard columns, the fields in their order, then the columns that every table of the kind ends with."""
    child = cint(meta.get("istable"))
    columns = [
        Column("name", _NAME, not_null=True, key=True),
        Column("creation", "datetime(6)"),
        Column("modified", "datetime(6)", index=not child),
        Column("modified_by", _NAME, key=True),
        Column("owner", _NAME, key=True),
        Column("docstatus", "int(1)", "0", not_null=True),
        Column("idx", "int(8)", "0", not_null=True),
    ]
    if child:
        columns += [Column(c, _NAME, key=True, index=c == "parent") for c in CHILD_COLUMNS]
    columns += [column for field in meta.get("fields") or () if (column := field_column(field))]
    if not child:
        columns += [Column(c, "text") for c in OPTIONAL_COLUMNS]
    if cint(meta.get("track_seen")):
        columns.append(Column("_seen", "text"))
    return list({c.name: c for c in reversed(columns)}.values())[::-1]


def field_column(field: Any) -> Column | None:
    """The column of a DocField, None for fields without one (tables, breaks, virtual fields)."""
    fieldtype = field.get("fieldtype")
    if fieldtype not in TYPES or cint(field.get("is_virtual")):
        return None
    return Column(
        name=field.get("fieldname"),
        sql_type=_type(fieldtype, cint(field.get("length"))),
        default=_default(field.get("default"), fieldtype),
        not_null=fieldtype in _ZERO_DEFAULT,
        key=fieldtype in _LINKS,
        unique=bool(cint(field.get("unique"))),
        index=bool(cint(field.get("search_index"))),
    )


def _type(fieldtype: str, length: int) -> str:
    """Type with size, e.g. varchar(140); an Int of more than eleven digits is a bigint."""
    sql_type = TYPES[fieldtype]
    if sql_type == _NAME and length:
        return f"varchar({length})"
    return "bigint(20)" if sql_type == "int(11)" and length > 11 else sql_type


def _default(value: Any, fieldtype: str) -> str | None:
    if fieldtype in _ZERO_DEFAULT:
        return f"{flt(value):.9f}" if TYPES[fieldtype] == "decimal(21,9)" else str(cint(value))
    dynamic = str(value).startswith(":") or str(value).lower() in _DYNAMIC_DEFAULTS
    if value and TYPES[fieldtype] == _NAME and not dynamic:
        return "'" + str(value).replace("'", "''") + "'"
    return None


def sync_table(db: Any, table: str, columns: list[Column], autoincrement: bool) -> None:
    """Create or alter a table: new columns are added, changed ones altered, none is dropped; indexes as wanted.

    A backend tells `stored_columns` (name → `Column.stored`) and `stored_indexes` (name → "unique" or "index").
    """
    present = db.stored_columns(table)
    if not present:
        db.create_table(table, columns, autoincrement)
    else:
        added = [c for c in columns if c.name not in present]
        changed = [
            c for c in columns if c.name in present and c.name != "name" and present[c.name] != c.stored
        ]
        if added or changed:
            db.alter_table(table, added, changed, columns, autoincrement)
    _sync_indexes(db, table, columns)


def _sync_indexes(db: Any, table: str, columns: list[Column]) -> None:
    present = db.stored_indexes(table)
    for column in columns:
        name = db.index_name(table, column.name)
        kind = "unique" if column.unique else "index" if column.index else None
        if name in present and present[name] != kind:
            db.drop_index(table, name)
        if kind and present.get(name) != kind:
            db.create_index(table, name, [column.name], unique=column.unique)


def updatedb(db: Any, doctype: str, meta: Any) -> None:
    """Create the DocType's table or bring it up to date; commits."""
    meta = meta or frappe.get_meta(doctype)
    if cint(meta.get("issingle")) or cint(meta.get("is_virtual")):
        return
    db.commit()
    db.apply_table(f"tab{meta.name}", columns_of(meta), meta.get("autoname") == "autoincrement")
    db.commit()


# Tables that belong to no DocType: series, singles, passwords. {key} stands for the collation of names.
SYSTEM_TABLES = (
    "CREATE TABLE IF NOT EXISTS `tabSeries` (name varchar(100) NOT NULL PRIMARY KEY{key},"
    " current int(10) NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS `tabSingles` (doctype varchar(255){key}, field varchar(255){key}, value longtext)",
    "CREATE TABLE IF NOT EXISTS `__Auth` (doctype varchar(140) NOT NULL{key}, name varchar(255) NOT NULL{key},"
    " fieldname varchar(140) NOT NULL, password text NOT NULL, encrypted int(1) NOT NULL DEFAULT 0,"
    " PRIMARY KEY (doctype, name, fieldname))",
)
