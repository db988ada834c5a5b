"""Writing a DocType's definition straight into the tables of metadata, and its own table after it."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.database.schema import columns_of
from frappe.model.meta_reading import CHILD_DOCTYPES
from frappe.utils import now

NUMBERS = frozenset({"Check", "Int", "Float", "Percent"})


def import_doctype(values: dict[str, Any], migration_hash: str) -> None:
    """Import a standard DocType when its file changed; the roles that it names are made."""
    name = values["name"]
    stored = frappe.db.sql("select migration_hash from `tabDocType` where name = %s", (name,))
    if stored and stored[0][0] == migration_hash:
        return
    write_definition({**values, "migration_hash": migration_hash})
    frappe.clear_cache(doctype=name)
    meta = frappe.get_meta(name)
    if not meta.issingle:
        frappe.db.apply_table(f"tab{name}", columns_of(meta))
    make_roles(values)


def write_definition(values: dict[str, Any]) -> None:
    """Replace the rows of the definition."""
    name, stamp, user = values["name"], now(), "Administrator"
    standard = {"creation": stamp, "modified": stamp, "modified_by": user, "owner": user}
    frappe.db.sql("delete from `tabDocType` where name = %s", (name,))
    for key, child in CHILD_DOCTYPES.items():
        frappe.db.sql(f"delete from `tab{child}` where parent = %s and parenttype = 'DocType'", (name,))
        place = {**standard, "parent": name, "parenttype": "DocType", "parentfield": key}
        rows = [
            {**place, **row, "name": frappe.generate_hash(length=10), "idx": idx}
            for idx, row in enumerate(values.get(key) or [], 1)
        ]
        _insert(child, rows)
    top = {key: value for key, value in values.items() if not isinstance(value, list | dict)}
    _insert("DocType", [{**standard, **top}])


def _insert(doctype: str, rows: list[dict[str, Any]]) -> None:
    """What a file does not say is nothing: 0 for numbers, whatever default the field has. (A permission that is
    not written down is not given.)
    """
    meta = frappe.get_meta(doctype)
    numbers = {df.fieldname for df in meta.fields if df.fieldtype in NUMBERS} | {"docstatus", "idx"}
    said = numbers.union(*rows)
    columns = [column for column in meta.get_valid_columns() if column in said]
    data = [[row.get(column, 0 if column in numbers else None) for column in columns] for row in rows]
    frappe.db.bulk_insert(doctype, columns, data)


def make_roles(values: dict[str, Any]) -> None:
    """Roles that permissions name exist from then on, with access to the Desk."""
    if not frappe.db.table_exists("Role"):
        return
    for role in {row["role"] for row in values.get("permissions", [])}:
        if not frappe.db.exists("Role", role):
            doc = frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1})
            doc.insert(ignore_permissions=True, ignore_mandatory=True)
