"""Taking a payment back, or a part of it: off the fees it paid, later bills that its rest paid included.

What is taken off is told before it is done (`reopened`), by the same plan. Whoever takes back holds the lock on the merchant.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import frappe
from frappe.model.document import Document
from market_mgmt.domain.ledger import ALLOCATION, DEPOSIT_HELD, REFUND_HOLD, REFUND_PAYABLE, Posting
from market_mgmt.domain.lots import Lots
from market_mgmt.services import ledger
from market_mgmt.services.billing_reversal import reversal
from market_mgmt.services.ledger import LedgerEntry, OpenFeeRow
from market_mgmt.services.rows import lock

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Plan:
    """What has to be posted so that a payment's money is balance again, the last use of it first.

    `unused` of it lies in the balance anyway; `gone` has gone back to the merchant already, or is held for that.
    `others_since` is the day since which all other money of the balance has been there.
    """

    postings: tuple[Posting, ...]
    unused: Decimal
    gone: Decimal
    others_since: date | None

    @property
    def fees(self) -> list[str]:
        return sorted({posting.fee for posting in self.postings if posting.fee})

    def taken_off(self, fee: str) -> Decimal:
        return sum((one.amount for one in self.postings if one.fee == fee), ZERO)

    def deposits(self) -> dict[str, Decimal]:
        """What is taken out of the deposit of each lease."""
        found: dict[str, Decimal] = {}
        for posting in self.postings:
            if posting.debit_account == DEPOSIT_HELD:
                lease = posting.lease or ""
                found[lease] = found.get(lease, ZERO) + posting.amount
        return found


@dataclass(frozen=True)
class Reopened:
    """A fee that is open again: what is taken off it, and what is owed on it then."""

    fee: OpenFeeRow
    taken_off: Decimal


def whole(order: Document, reason: str, on: date, lock_rows: bool = True) -> Plan:
    """All of a payment that never was: late fees are derived as if it had not come."""
    entries = _entries(order.merchant, lock_rows)
    lots = _lots(entries, lock_rows)
    earlier = Counter(entry.reversal_of for entry in entries)
    uses = lots.uses(order.name)
    gone = sum((part for entry, part in uses if entry.entry_type == REFUND_HOLD), ZERO)
    postings = [
        reversal(entry, part, earlier[entry.name], reason, on, entry.counted_from, order.name)
        for entry, part in reversed(uses)
        if entry.entry_type != REFUND_HOLD
    ]
    return Plan(tuple(postings), lots.free(order.name), gone, lots.others_free_since(order.name))


def part(order: str, merchant: str, amount: Decimal, reason: str, on: date, lock_rows: bool = True) -> Plan:
    """As much of a payment as goes back to the merchant: what is unused of it, then the fees that it paid last.

    The payment was there until today, so late fees count from now. What cannot be had is not in the plan.
    """
    entries = _entries(merchant, lock_rows)
    lots = _lots(entries, lock_rows)
    earlier = Counter(entry.reversal_of for entry in entries)
    unused = lots.free(order)
    left, postings = amount - unused, []
    for entry, held in reversed(lots.uses(order)):
        if entry.entry_type == ALLOCATION and left > 0:
            taken = min(held, left)
            left -= taken
            postings.append(reversal(entry, taken, earlier[entry.name], reason, on, payment_order=order))
    return Plan(tuple(postings), min(unused, amount), ZERO, lots.others_free_since(order))


def reopened(plan: Plan, on: date) -> list[Reopened]:
    """The fees that a plan opens, with what is owed on them then, by due date, priority and name."""
    bills = ledger.published(names=plan.fees, statuses=ledger.STANDING)
    entries = ledger.entries_of(plan.fees)
    for posting in plan.postings:
        if posting.fee:
            entries[posting.fee].append(_as_entry(posting))
    return [Reopened(row, plan.taken_off(row.name)) for row in ledger.owed(bills, entries, on)]


def _entries(merchant: str, lock_rows: bool) -> list[LedgerEntry]:
    """The entries of the balance; with `lock_rows` the fees are locked before them, as every money service does."""
    if lock_rows:
        frappe.db.sql("SELECT name FROM `tabFee` WHERE merchant = %s ORDER BY name FOR UPDATE", [merchant])
    return ledger.entries_of_balance(merchant, lock_rows)


def _lots(entries: Sequence[LedgerEntry], lock_rows: bool) -> Lots[LedgerEntry]:
    """With locked entries their refunds are read past the snapshot, too: a hold may be younger than it."""
    held = {entry.name: entry.voucher_no or "" for entry in entries if entry.credit_account == REFUND_PAYABLE}
    fields = ("name", "payment_order")
    names = sorted(set(held.values()))
    if lock_rows:
        refunds = lock("Refund", names, fields)
    else:
        rows = frappe.get_all("Refund", filters={"name": ["in", names or [""]]}, fields=list(fields))
        refunds = {row.name: row for row in rows}
    return Lots(entries, {entry: refunds[name].payment_order or "" for entry, name in held.items()})


def _as_entry(posting: Posting) -> LedgerEntry:
    values: dict[str, Any] = {
        one.name: getattr(posting, one.name, None) for one in dataclasses.fields(LedgerEntry)
    }
    return LedgerEntry(**{**values, "name": posting.idempotency_key})
