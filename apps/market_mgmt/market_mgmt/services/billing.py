"""Bills: drafted for a period, reviewed by a person, published once, and reversed instead of edited.

Publishing (`publication`) freezes a bill: it posts the charge, sets the due date and copies the late fee rule, and uses up
prepaid balances. Both work on a whole market with a handful of queries.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import frappe
from frappe import _
from market_mgmt.domain.billing import Bill, Line
from market_mgmt.domain.periods import Period, month_key
from market_mgmt.services import fee_writer, labels, ledger, supplier_bills, waivers
from market_mgmt.services.bill_sources import Sources
from market_mgmt.services.billing_reversal import reverse
from market_mgmt.services.fee_writer import ONE_OFF, OPENING, FeeType, Key, NewFee, fee_types
from market_mgmt.services.late_fees import rule_in_force
from market_mgmt.services.publication import CHARGED, charge, freeze, month_named, publish, review
from market_mgmt.services.rows import chunks, lock, uncollected

__all__ = ["BillRun", "create_one_off", "generate", "publish", "record_openings", "reverse", "review"]

_LEASE = ["name", "market", "merchant", "stall", "late_fee_clause"]
# Bills that are drafted in one go: more would only take more memory.
_AT_ONCE = 2000


@dataclass
class BillRun:
    """What a generation did: names drafted, how many bills were there already, and what could not be billed, why."""

    created: list[str] = field(default_factory=list)
    existing: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


@uncollected()
def generate(
    market: str, period: str, as_of: date, lease: str | None = None, by: str | None = None
) -> BillRun:
    """Draft the bills of a market (or of one `lease`) for a period (YYYY-MM) from leases, tariffs and readings.

    Repeating changes nothing. `by` is who generates them, None for the system.

    Raises ValidationError for a period that has not begun on `as_of`.
    """
    month = month_named(period)
    if month.start > as_of:
        frappe.throw(_("Period {0} has not begun.").format(period))
    lock("Market", [market])
    billed, revisions = _standing(market, period)
    run, fees = BillRun(), []
    for found in Sources(market, month).bills():
        if lease and found.lease.name != lease:
            continue
        if (found.lease.name, found.fee_type.name) in billed:
            run.existing += 1
        elif found.problem or found.bill is None:
            run.skipped.append((found.lease.stall, found.problem or ""))
        elif found.bill.amount > 0:
            fees.append(NewFee(found.lease, found.fee_type, period, found.days, found.bill))
            if len(fees) == _AT_ONCE:
                run.created += fee_writer.draft(fees, revisions, by)
                fees = []
    run.created += fee_writer.draft(fees, revisions, by)
    if run.created:
        supplier_bills.take_off_cents(market, period)
    return run


def _standing(market: str, period: str) -> tuple[set[tuple[str, str]], dict[Key, int]]:
    """What a period's bills are so far: (lease, fee type) with an unreversed bill, and the last revision of each key.

    Read past the snapshot, so that two runs see each other.
    """
    fee = frappe.qb.DocType("Fee")
    query = frappe.qb.from_(fee).select(fee.lease, fee.fee_type, fee.period_start)
    query = query.select(fee.revision, fee.status, fee.source)
    query = query.where((fee.market == market) & (fee.period == period))
    billed: set[tuple[str, str]] = set()
    revisions: dict[Key, int] = {}
    for lease, fee_type, start, revision, status, source in query.for_update().run():
        key = (lease, fee_type, start)
        revisions[key] = max(revisions.get(key, 0), revision)
        if status != "Reversed" and source != ONE_OFF:
            billed.add((lease, fee_type))
    return billed, revisions


@dataclass(frozen=True)
class OpeningFee:
    """What a lease owed for a period before this system; `key` is what makes it the same when it comes again."""

    lease: str
    fee_type: str
    period: str
    amount: Decimal
    due_date: date
    key: str


def record_openings(fees: Sequence[OpeningFee], as_of: date) -> list[str]:
    """Take over arrears from before this system as published bills; returns their names. The same `key` adds nothing,
    unless its bill has been reversed.

    Late fees run from the day after `as_of` at the earliest: what accrued before is not known here.
    Raises ValidationError when a period is billed already, or nothing is owed.
    """
    charged = _charged_openings(fees)
    posted = {key: name for key, name in charged.items() if name}
    new = [fee for fee in fees if fee.key not in posted]
    names = fee_writer.draft(_opening_bills(new))
    by_due = defaultdict(list)
    for name, fee in zip(names, new, strict=True):
        by_due[fee.due_date].append(name)
    for due_date, of_that_day in by_due.items():
        _freeze_openings(of_that_day, due_date, as_of)
    rows = lock("Fee", names, CHARGED)
    # A voucher posts once, so what replaces a reversed one is told apart by its bill.
    keys = (
        f"opening|{fee.key}|{name}" if fee.key in charged else f"opening|{fee.key}"
        for name, fee in zip(names, new, strict=True)
    )
    ledger.post([charge(rows[name], as_of, key) for name, key in zip(names, keys, strict=True)])
    for market in {row.market for row in rows.values()}:
        waivers.carry_over(market, names, as_of)
    recorded = posted | {fee.key: name for name, fee in zip(names, new, strict=True)}
    return [recorded[fee.key] for fee in fees]


def _charged_openings(fees: Sequence[OpeningFee]) -> dict[str, str | None]:
    """The arrears that were taken over before: by key the bill that stands, None when it has been reversed."""
    wanted = {f"opening|{fee.key}": fee for fee in fees}
    known = [
        row
        for piece in chunks(wanted)
        for row in frappe.get_all(
            "Account Entry", {"idempotency_key": ["in", piece]}, pluck="idempotency_key"
        )
    ]
    standing = {}
    for piece in chunks(wanted[key].lease for key in known):
        filters = {"lease": ["in", piece], "source": OPENING, "status": ["!=", "Reversed"]}
        for name, *bill in frappe.get_all(
            "Fee", filters, ["name", "lease", "fee_type", "period"], as_list=True
        ):
            standing[tuple(bill)] = name
    return {
        fee.key: standing.get((fee.lease, fee.fee_type, fee.period)) for fee in map(wanted.__getitem__, known)
    }


def _opening_bills(fees: Sequence[OpeningFee]) -> list[NewFee]:
    leases = {fee.lease: _lease_row(fee.lease) for fee in fees}
    types = {fee.fee_type: _fee_type(fee.fee_type) for fee in fees}
    lock("Market", {row.market for row in leases.values()})
    places = {(leases[fee.lease].market, fee.period) for fee in fees}
    billed = {place: _standing(*place)[0] for place in places}
    bills = []
    for fee in fees:
        lease = leases[fee.lease]
        if fee.amount <= 0:
            frappe.throw(_("The amount must be more than zero."))
        if (fee.lease, fee.fee_type) in billed[lease.market, fee.period]:
            frappe.throw(
                _("{0} of {1} is billed already for {2}.").format(
                    _(fee.fee_type), labels.stall(lease.stall), fee.period
                )
            )
        bill = _single_line(_("Opening arrears"), fee.amount)
        bills.append(NewFee(lease, types[fee.fee_type], fee.period, month_named(fee.period), bill, OPENING))
    return bills


def _freeze_openings(names: list[str], due_date: date, as_of: date) -> None:
    market = str(frappe.db.get_value("Fee", names[0], "market"))
    freeze(names, as_of, rule_in_force(market, as_of), max(due_date, as_of) + timedelta(days=1))
    table = frappe.qb.DocType("Fee")
    for piece in chunks(names):
        frappe.qb.update(table).set(table.due_date, due_date).where(table.name.isin(piece)).run()


def create_one_off(
    lease: str, fee_type: str, amount: Decimal, reason: str, as_of: date, by: str | None = None
) -> str:
    """Draft a one-off fee (damage, a lost key, …) with its reason; returns its name. Publish it like any other bill."""
    if not (reason or "").strip():
        frappe.throw(_("A one-off fee needs a reason."))
    if amount <= 0:
        frappe.throw(_("The amount must be more than zero."))
    bill, day = _single_line(reason.strip(), amount), Period(as_of, as_of)
    new = NewFee(_lease_row(lease), _fee_type(fee_type), month_key(as_of), day, bill, ONE_OFF, reason.strip())
    return fee_writer.draft([new], by=by)[0]


def _single_line(description: str, amount: Decimal) -> Bill:
    return Bill(amount, (Line(description[:140], Decimal(1), amount, 0, amount),))


def _lease_row(lease: str) -> frappe._dict:
    row = frappe.db.get_value("Lease", lease, _LEASE, as_dict=True)
    if not row:
        frappe.throw(_("Lease {0} does not exist.").format(lease), frappe.DoesNotExistError)
    return row


def _fee_type(name: str) -> FeeType:
    found = fee_types(name=name)
    if name not in found:
        frappe.throw(_("Fee type {0} does not exist.").format(name), frappe.DoesNotExistError)
    return found[name]
