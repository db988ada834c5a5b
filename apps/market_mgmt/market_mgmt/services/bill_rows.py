"""The rows that bills are made of, as they are read: tuples, since a market has tens of thousands of them."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, NamedTuple

import frappe


class LeaseRow(NamedTuple):
    """A lease as it is billed."""

    name: str
    market: str
    merchant: str
    stall: str
    start_date: date
    end_date: date
    terminated_on: date | None
    monthly_rent: float
    cycle: str | None
    rent_free_days: int | None
    late_fee_clause: int
    renewed_from: str | None

    @property
    def last_day(self) -> date:
        return min(self.end_date, self.terminated_on) if self.terminated_on else self.end_date


class MeterRow(NamedTuple):
    """A meter as it is billed."""

    name: str
    meter_no: str
    stall: str
    fee_type: str
    multiplier: float
    status: str
    register: str | None = None


class ReadingRow(NamedTuple):
    """A reading as it is billed."""

    meter: str
    meter_no: str | None
    kind: str
    status: str
    reading_date: date
    previous_reading: float
    current_reading: float
    multiplier: float | None
    consumption: float


def rows_of(kind: Any, doctype: str, filters: dict[str, Any], order_by: str) -> list[Any]:
    """Rows of a DocType with the fields of `kind`, a NamedTuple: a market has tens of thousands of them."""
    rows = frappe.get_all(
        doctype, filters=filters, fields=list(kind._fields), order_by=order_by, as_list=True
    )
    return list(map(kind._make, rows))


def by(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """The rows by their key, each list in the order in which they came."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
