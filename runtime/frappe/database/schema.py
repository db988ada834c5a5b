"""A DocType's fields as the columns of its table, and the tables that belong to no DocType."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from frappe.model import child_table_fields, optional_fields
from frappe.utils.data import cint, cstr, flt

NAME_TYPE = "varchar(140)"  # unless the field has a length of its own
_TYPES = {
    NAME_TYPE: (
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
    "int(11)": ("Int",),
    "int(1)": ("Check",),
    "text": ("Small Text", "Text", "Password", "Attach", "Attach Image"),
    "longtext": ("Long Text", "Code", "Text Editor", "Markdown Editor", "HTML Editor", "JSON", "Signature"),
    "date": ("Date",),
    "datetime(6)": ("Datetime",),
    "time(6)": ("Time",),
}
TYPES = {fieldtype: sql_type for sql_type, fieldtypes in _TYPES.items() for fieldtype in fieldtypes}
_ZERO_DEFAULT = frozenset({"Int", "Check", "Currency", "Float", "Percent"})
_LINKS = frozenset({"Link", "Dynamic Link", "Select"})
# Text defaults that mean something at the time of writing, not a constant
_DYNAMIC_DEFAULTS = frozenset({"__user", "today", "__today", "now", "user"})
Stored = tuple[str, str | None, bool]  # what a database tells of a column: type, default, not null


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
    def stored(self) -> Stored:
        return self.sql_type, self.default, self.not_null


def columns_of(meta: Any) -> list[Column]:
    """Standard columns, the fields in their order, then the columns that every table of the kind ends with."""
    child = cint(meta.get("istable"))
    numbered = cstr(meta.get("autoname")).lower() == "autoincrement"
    columns = [
        Column("name", "bigint(20)" if numbered else NAME_TYPE, not_null=True, key=True),
        Column("creation", "datetime(6)"),
        Column("modified", "datetime(6)", index=not child),
        Column("modified_by", NAME_TYPE, key=True),
        Column("owner", NAME_TYPE, key=True),
        Column("docstatus", "int(1)", "0", not_null=True),
        Column("idx", "int(8)", "0", not_null=True),
    ]
    if child:
        columns += [Column(c, NAME_TYPE, key=True, index=c == "parent") for c in child_table_fields]
    columns += [_column(field) for field in meta.get("fields") or () if field.get("fieldtype") in TYPES]
    if not child:
        columns += [Column(c, "text") for c in optional_fields]
    return list({c.name: c for c in reversed(columns)}.values())[::-1]


def _column(field: Any) -> Column:
    fieldtype = field.get("fieldtype")
    sql_type = TYPES[fieldtype]
    length = cint(field.get("length"))
    if sql_type == NAME_TYPE and length:
        sql_type = f"varchar({length})"
    elif sql_type == "int(11)" and length > 11:
        sql_type = "bigint(20)"
    return Column(
        name=field.get("fieldname"),
        sql_type=sql_type,
        default=_default(field.get("default"), fieldtype),
        not_null=fieldtype in _ZERO_DEFAULT,
        key=fieldtype in _LINKS,
        unique=bool(cint(field.get("unique"))),
        index=bool(cint(field.get("search_index"))),
    )


def _default(value: Any, fieldtype: str) -> str | None:
    if fieldtype in _ZERO_DEFAULT:
        return f"{flt(value):.9f}" if TYPES[fieldtype] == "decimal(21,9)" else str(cint(value))
    dynamic = str(value).startswith(":") or str(value).lower() in _DYNAMIC_DEFAULTS
    if value and TYPES[fieldtype] == NAME_TYPE and not dynamic:
        return "'" + str(value).replace("'", "''") + "'"
    return None


# Series, singles, passwords, sessions. {key} stands for the collation of names.
SYSTEM_TABLES = (
    "CREATE TABLE IF NOT EXISTS `tabSeries` (name varchar(100) NOT NULL PRIMARY KEY{key},"
    " current int(10) NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS `tabSingles` (doctype varchar(255){key}, field varchar(255){key}, value longtext)",
    "CREATE TABLE IF NOT EXISTS `__Auth` (doctype varchar(140) NOT NULL{key}, name varchar(255) NOT NULL{key},"
    " fieldname varchar(140) NOT NULL, password text NOT NULL, encrypted int(1) NOT NULL DEFAULT 0,"
    " PRIMARY KEY (doctype, name, fieldname))",
    "CREATE TABLE IF NOT EXISTS `tabSessions` (sid varchar(255) NOT NULL PRIMARY KEY, `user` varchar(255),"
    " sessiondata text, ipaddress varchar(16), lastupdate datetime(6), status varchar(20))",
)
