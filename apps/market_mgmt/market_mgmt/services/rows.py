"""Few queries for many rows: locking reads in a fixed order, bulk inserts, long lists of names in pieces.

Lock order of every money service: Merchant, then Market Payment Order, then Fee, each by name, then the ledger, last the
Receipt Counter. Two that follow it never wait for each other in a circle.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from operator import itemgetter
from typing import Any

import frappe

# Well below what SQLite and MariaDB take as parameters of one statement.
CHUNK = 2000


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """The distinct names, sorted, in pieces that fit into one statement."""
    ordered = sorted(set(names))
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def lock(doctype: str, names: Iterable[str], fields: Sequence[str] = ("name",)) -> dict[str, frappe._dict]:
    """The rows of these names, locked until the transaction ends and read as they are now, not as of its snapshot."""
    query = f"SELECT {columns(fields)} FROM `tab{doctype}` WHERE name IN %s ORDER BY name FOR UPDATE"
    found: dict[str, frappe._dict] = {}
    for piece in chunks(names):
        rows = frappe.db.sql(query, (tuple(piece),), as_dict=True)
        found.update((row.name, row) for row in rows)
    return found


@contextmanager
def uncollected() -> Iterator[None]:
    """For bulk work: no garbage collection, which would walk through hundreds of thousands of new rows again and again
    without finding anything; rows hold no cycles."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def columns(fields: Iterable[str]) -> str:
    """A select list. Where every payment passes, SQL is written as text: building it takes longer than running it."""
    return ", ".join(f"`{field}`" for field in fields)


def bulk_insert(doctype: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Insert rows without a document's life cycle, one statement for thousands. Returns their names.

    Rows have the same keys; those without `name` get random ones in ascending order. Names given must be free.
    """
    fields = list(rows[0]) if rows else []
    return insert_tuples(doctype, fields, [tuple(map(row.__getitem__, fields)) for row in rows])


def insert_tuples(doctype: str, fields: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """What `bulk_insert` does, for tens of thousands of rows: each has its values in the order of `fields`."""
    if not rows:
        return []
    if "name" in fields:
        names = list(map(itemgetter(fields.index("name")), rows))
    else:
        names = _random_names(len(rows))
        fields, rows = ["name", *fields], [(name, *row) for name, row in zip(names, rows, strict=True)]
    now, user = frappe.utils.now(), frappe.session.user
    standard = (now, now, user, user)
    columns = ["creation", "modified", "owner", "modified_by", *fields]
    frappe.db.bulk_insert(doctype, columns, [(*standard, *row) for row in rows])
    return names


def _random_names(count: int) -> list[str]:
    """In ascending order: what is written at one moment keeps its order when it is read by name."""
    digits = frappe.generate_hash(length=16 * count)
    return sorted(digits[start : start + 16] for start in range(0, len(digits), 16))


def number(value: Any) -> Decimal:
    """A stored rate or quantity as Decimal, without the noise of the float it is read as."""
    if type(value) is float:
        return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))
    return Decimal(str(value or 0)).normalize() + 0
