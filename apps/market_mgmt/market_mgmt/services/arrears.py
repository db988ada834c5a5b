"""Groups of open fees as dunning sees them: what a lease owes for one due date, derived from the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import frappe
from market_mgmt.domain import dunning as rules
from market_mgmt.services import ledger
from market_mgmt.services.rows import chunks
from market_mgmt.services.values import as_date


@dataclass(frozen=True)
class FeeGroup:
    """The open fees of a lease with one due date; `amount` in yuan with the late fees accrued by then."""

    market: str
    merchant: str
    lease: str
    stall: str
    due_date: date
    amount: Decimal
    fees: tuple[str, ...]
    # When late fees start to run on a fee of the group; None if they never do.
    late_fee_from: date | None = None

    @property
    def key(self) -> str:
        return f"{self.lease}|{self.due_date}"

    def days_overdue(self, as_of: date) -> int:
        return rules.days_overdue(self.due_date, as_of)


def of_market(market: str, as_of: date) -> list[FeeGroup]:
    """The groups of a market, by lease and due date."""
    return _grouped(ledger.open_fees(as_of, market=market))


def of_lease(lease: str, as_of: date, lock: bool = False) -> list[FeeGroup]:
    """The groups of a lease, by due date; with `lock` as they are now, not as of the transaction's snapshot."""
    return _grouped(ledger.open_fees(as_of, lease=lease, lock=lock))


def overdue(groups: Iterable[FeeGroup], as_of: date) -> list[FeeGroup]:
    """Those whose due date has passed."""
    return [group for group in groups if group.days_overdue(as_of) > 0]


def _grouped(rows: list[ledger.OpenFeeRow]) -> list[FeeGroup]:
    starts = _late_fee_starts([row.name for row in rows if row.accrues])
    by_group: dict[tuple[str, date], list[ledger.OpenFeeRow]] = {}
    for row in rows:
        by_group.setdefault((row.lease, as_date(row.due_date)), []).append(row)
    groups = []
    for (lease, due_date), members in sorted(by_group.items()):
        first = members[0]
        groups.append(
            FeeGroup(
                market=first.market,
                merchant=first.merchant,
                lease=lease,
                stall=first.stall,
                due_date=due_date,
                amount=sum((row.total for row in members), Decimal("0.00")),
                fees=tuple(row.name for row in members),
                late_fee_from=min((starts[row.name] for row in members if row.name in starts), default=None),
            )
        )
    return groups


def _late_fee_starts(fees: list[str]) -> dict[str, date]:
    starts = {}
    for piece in chunks(fees):
        rows = frappe.get_all("Fee", filters={"name": ("in", piece)}, fields=["name", "late_fee_from"])
        starts.update({row.name: as_date(row.late_fee_from) for row in rows if row.late_fee_from})
    return starts
