"""Writing bills as drafts: names, revisions, readable lines; two statements for thousands of fees."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import frappe
from cn_connect.bulk import insert_tuples
from frappe import _
from market_mgmt.domain.billing import Bill, Line
from market_mgmt.domain.periods import Period
from market_mgmt.domain.resale import CENT
from market_mgmt.services.rows import chunks

GENERATED, OPENING, ONE_OFF = "Generated", "Opening", "One-off"


# What revisions are counted by: lease, fee type and first day, which is all that a bill's name says. A quarter's bill,
# the month's that replaces it, and a one-off fee of the first of the month must not take the same name.
Key = tuple[str, str, date]


class FeeType(NamedTuple):
    """What billing has to know of a fee type."""

    name: str
    code: str
    kind: str
    late_fee_applies: int
    priority: int


class BilledLease(Protocol):
    """What a bill takes over from its lease."""

    @property
    def name(self) -> str: ...
    @property
    def market(self) -> str: ...
    @property
    def stall(self) -> str: ...
    @property
    def merchant(self) -> str: ...
    @property
    def late_fee_clause(self) -> int: ...


class NewFee(NamedTuple):
    """A bill about to be drafted."""

    lease: BilledLease
    fee_type: FeeType
    month: str
    days: Period
    bill: Bill
    source: str = GENERATED
    reason: str | None = None

    @property
    def key(self) -> Key:
        return self.lease.name, self.fee_type.name, self.days.start


def fee_types(**filters: Any) -> dict[str, FeeType]:
    """Fee types by name, in the order in which they are billed."""
    rows = frappe.get_all(
        "Fee Type", filters=filters, fields=list(FeeType._fields), order_by="priority, name", as_list=True
    )
    return {row.name: row for row in map(FeeType._make, rows)}


def draft(
    fees: Sequence[NewFee], revisions: Mapping[Key, int] | None = None, by: str | None = None
) -> list[str]:
    """Insert the bills as drafts, each with the revision after the last of its key; returns their names.

    `revisions` are the last ones, if the caller has read them past the snapshot; `by` is who generates the bills.
    """
    last = dict(_last_revisions(fees) if revisions is None else revisions)
    rows: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for fee in fees:
        key = fee.key
        last[key] = revision = last.get(key, 0) + 1
        row = _row(fee, revision, by)
        rows.append(row)
        lines += _lines(row[0], fee.bill)
    names = insert_tuples("Fee", _COLUMNS, rows)
    insert_tuples("Fee Line", _LINE_COLUMNS, lines)
    return names


def take_off_a_cent(fees: Iterable[str]) -> None:
    """Take a cent off each of these drafts, as a line of its own at the end."""
    lines: list[tuple[Any, ...]] = []
    bill = Bill(-CENT, (Line(_("Rounding, within the supplier's bill"), Decimal(1), -CENT, 0, -CENT),))
    for piece in chunks(fees):
        shown = frappe.get_all(
            "Fee Line", {"parent": ["in", piece]}, ["parent", "idx"], order_by="parent, idx"
        )
        last = {row.parent: row.idx for row in shown}
        for fee in piece:
            lines += _lines(fee, bill, last.get(fee, 0) + 1)
        names = tuple(piece)
        frappe.db.sql("UPDATE `tabFee` SET amount = ROUND(amount - 0.01, 2) WHERE name IN %s", (names,))
    insert_tuples("Fee Line", _LINE_COLUMNS, lines)


# What is not named here starts at zero.
_COLUMNS = (
    "name",
    "market",
    "stall",
    "merchant",
    "lease",
    "fee_type",
    "period",
    "period_start",
    "period_end",
    "revision",
    "status",
    "source",
    "reason",
    "generated_by",
    "amount",
    "late_fee_applies",
    "bill_key",
)
_LINE_COLUMNS = (
    "parent",
    "parenttype",
    "parentfield",
    "idx",
    "description",
    "quantity",
    "unit_price",
    "days",
    "amount",
    "month",
)


def _row(fee: NewFee, revision: int, by: str | None) -> tuple[Any, ...]:
    lease, fee_type, days = fee.lease, fee.fee_type, fee.days
    first, both = _texts(days)
    name = f"{lease.name}-{fee_type.code}-{first}-{revision}"
    return (
        name,
        lease.market,
        lease.stall,
        lease.merchant,
        lease.name,
        fee_type.name,
        fee.month,
        days.start,
        days.end,
        revision,
        "Draft",
        fee.source,
        fee.reason,
        by,
        float(fee.bill.amount),
        int(bool(fee_type.late_fee_applies and lease.late_fee_clause)),
        f"{lease.name}|{fee_type.name}|{both}|{revision}",
    )


def _lines(fee: str, bill: Bill, first: int = 1) -> list[tuple[Any, ...]]:
    return [
        (fee, "Fee", "lines", index, text, float(quantity), float(price), days, float(amount), month)
        for index, (text, quantity, price, days, amount, month) in enumerate(bill.lines, first)
    ]


@lru_cache(maxsize=256)  # thousands of bills are of the same few periods
def _texts(days: Period) -> tuple[str, str]:
    """Of a fee's name and of its key: 20261001, 2026-10-01|2026-10-31."""
    return f"{days.start:%Y%m%d}", f"{days.start}|{days.end}"


def _last_revisions(fees: Sequence[NewFee]) -> dict[Key, int]:
    """The highest revision there is of each key, read past the snapshot so that two runs see each other."""
    table = frappe.qb.DocType("Fee")
    last: dict[Key, int] = {}
    for piece in chunks(fee.lease.name for fee in fees):
        starts = {fee.days.start for fee in fees}
        query = frappe.qb.from_(table).select(table.lease, table.fee_type, table.period_start, table.revision)
        query = query.where(table.lease.isin(piece) & table.period_start.isin(sorted(starts)))
        for *key, revision in query.for_update().run():
            one: Key = tuple(key)
            last[one] = max(last.get(one, 0), revision)
    return last
