"""Writing bills as drafts: names, revisions, readable lines; two statements for thousands of fees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import frappe
from cn_connect.money import to_db
from market_mgmt.domain.billing import Bill
from market_mgmt.domain.periods import Period
from market_mgmt.services.rows import bulk_insert, chunks

GENERATED, OPENING, ONE_OFF = "Generated", "Opening", "One-off"


@dataclass(frozen=True)
class NewFee:
    """A bill about to be drafted. `lease` and `fee_type` are rows of those documents."""

    lease: frappe._dict
    fee_type: frappe._dict
    month: str
    days: Period
    bill: Bill
    source: str = GENERATED
    reason: str | None = None

    @property
    def key(self) -> str:
        """What makes a bill unique, but for its revision."""
        return f"{self.lease.name}|{self.fee_type.name}|{self.days.start}|{self.days.end}"


def fee_types(**filters: Any) -> dict[str, frappe._dict]:
    """Fee types by name, in the order in which they are billed."""
    rows = frappe.get_all(
        "Fee Type",
        filters=filters,
        fields=["name", "code", "kind", "late_fee_applies", "priority"],
        order_by="priority, name",
    )
    return {row.name: row for row in rows}


def draft(fees: Sequence[NewFee]) -> list[str]:
    """Insert the bills as drafts, each with the revision after the last of its key; returns their names."""
    revisions = _last_revisions(fees)
    rows, lines = [], []
    for fee in fees:
        revisions[fee.key] = revision = revisions.get(fee.key, 0) + 1
        row = _row(fee, revision)
        rows.append(row)
        for index, line in enumerate(fee.bill.lines, 1):
            lines.append(
                {
                    "idx": index,
                    "parent": row["name"],
                    "parenttype": "Fee",
                    "parentfield": "lines",
                    "description": line.description,
                    "quantity": float(line.quantity),
                    "unit_price": float(line.unit_price),
                    "days": line.days,
                    "amount": to_db(line.amount),
                }
            )
    names = bulk_insert("Fee", rows)
    bulk_insert("Fee Line", lines)
    return names


def _row(fee: NewFee, revision: int) -> dict[str, Any]:
    start: date = fee.days.start
    return {
        "name": f"{fee.lease.name}-{fee.fee_type.code}-{start:%Y%m%d}-{revision}",
        "market": fee.lease.market,
        "stall": fee.lease.stall,
        "merchant": fee.lease.merchant,
        "lease": fee.lease.name,
        "fee_type": fee.fee_type.name,
        "period": fee.month,
        "period_start": start,
        "period_end": fee.days.end,
        "revision": revision,
        "status": "Draft",
        "source": fee.source,
        "reason": fee.reason,
        "amount": to_db(fee.bill.amount),
        "outstanding": 0.0,
        "late_fee": 0.0,
        "late_fee_posted": 0.0,
        "late_fee_applies": int(bool(fee.fee_type.late_fee_applies and fee.lease.late_fee_clause)),
        "bill_key": f"{fee.key}|{revision}",
    }


def _last_revisions(fees: Sequence[NewFee]) -> dict[str, int]:
    """The highest revision there is of each key, read past the snapshot so that two runs see each other."""
    table = frappe.qb.DocType("Fee")
    last: dict[str, int] = {}
    for piece in chunks(fee.lease.name for fee in fees):
        starts = {fee.days.start for fee in fees}
        query = frappe.qb.from_(table).select(
            table.lease, table.fee_type, table.period_start, table.period_end, table.revision
        )
        query = query.where(table.lease.isin(piece) & table.period_start.isin(sorted(starts)))
        for lease, fee_type, start, end, revision in query.for_update().run():
            key = f"{lease}|{fee_type}|{start}|{end}"
            last[key] = max(last.get(key, 0), revision)
    return last
