"""Questions about errors of the database."""

from __future__ import annotations

import re

import frappe


def unique_columns_of_error(error: Exception, doctype: str) -> list[str]:
    """The columns of the unique key that an error names."""
    match = re.search(r"for key '(?:[^']*[.:])?([^']+)'", str(error))
    if not match:
        return []
    key = match.group(1)
    columns = frappe.db.get_table_columns(doctype)
    if key in columns:
        return [key]
    key = key.removeprefix("unique_")
    return [c for c in columns if re.search(rf"(?:^|_){re.escape(c)}(?:_|$)", key)] or [key]
