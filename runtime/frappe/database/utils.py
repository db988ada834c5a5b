"""Questions about errors of the database."""

from __future__ import annotations

import re

import frappe


def unique_columns_of_error(error: Exception, doctype: str) -> list[str]:
    """The columns of the unique key that an error names."""
    match = re.search(r"for key '(?:[^']*[.:])?([^']+)'", str(error))
    if not match:
        return []
    key = match[1].removeprefix("unique_")
    columns = frappe.db.get_table_columns(doctype)
    return [c for c in columns if c == key] or [c for c in columns if f"_{c}_" in f"_{key}_"] or [key]
