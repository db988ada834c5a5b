"""Few queries for many rows: locking reads in a fixed order, bulk inserts, long lists of names in pieces.

Lock order of every money service: Merchant, then Market Payment Order, then Fee, each by name, then the ledger, last the
Receipt Counter. Two that follow it never wait for each other in a circle.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
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


def number(value: Any) -> Decimal:
    """A stored rate or quantity as Decimal, without the noise of the float it is read as."""
    if type(value) is float:
        return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))
    return Decimal(str(value or 0)).normalize() + 0
