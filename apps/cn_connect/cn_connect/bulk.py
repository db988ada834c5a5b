"""Rows written without a document's life cycle: who and when are filled in, and names where there are none."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import frappe


def bulk_insert(doctype: str, rows: Sequence[dict[str, Any]], ignore_duplicates: bool = False) -> list[str]:
    """Insert rows without a document's life cycle, one statement for thousands. Returns their names.

    Rows have the same keys; those without `name` get random ones in ascending order. Names given must be free,
    unless `ignore_duplicates` leaves rows that are there as they are.
    """
    fields = list(rows[0]) if rows else []
    values = [tuple(map(row.__getitem__, fields)) for row in rows]
    return insert_tuples(doctype, fields, values, ignore_duplicates)


def insert_tuples(
    doctype: str, fields: Sequence[str], rows: Sequence[tuple[Any, ...]], ignore_duplicates: bool = False
) -> list[str]:
    """What `bulk_insert` does, for tens of thousands of rows: each has its values in the order of `fields`."""
    if not rows:
        return []
    now, user = frappe.utils.now(), frappe.session.user
    columns = ["creation", "modified", "owner", "modified_by", *fields]
    if "name" in fields:
        names = list(map(itemgetter(fields.index("name")), rows))
        values = [(now, now, user, user, *row) for row in rows]
    else:
        names = _random_names(len(rows))
        columns.insert(4, "name")
        values = [(now, now, user, user, name, *row) for name, row in zip(names, rows, strict=True)]
    frappe.db.bulk_insert(doctype, columns, values, ignore_duplicates=ignore_duplicates)
    return names


def _random_names(count: int) -> list[str]:
    """In ascending order: what is written at one moment keeps its order when it is read by name."""
    digits = frappe.generate_hash(length=16 * count)
    return sorted(digits[start : start + 16] for start in range(0, len(digits), 16))
