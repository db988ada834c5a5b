"""Every invariant of the ledger, checked over all of a market: what must hold whatever happened in between.

Runs every night and at the end of `make cycle`. Each violation names the document it is about.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace

import frappe
from cn_connect.money import yuan
from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.ledger import CHARGE, PAYMENT, PREPAID, balance, entry_problem, fee_account
from market_mgmt.services.rows import number

_FIELDS = [
    "name",
    "merchant",
    "fee",
    "posting_date",
    "entry_type",
    "debit_account",
    "credit_account",
    "amount",
]


@dataclass(frozen=True)
class Violation:
    """What does not hold, and where."""

    rule: str
    document: str
    detail: str


def check(market: str) -> list[Violation]:
    """Every violated invariant of a market's ledger, its caches, its payments and its receipts. Empty means balanced."""
    entries = [
        SimpleNamespace(**{**row, "amount": yuan(row.amount), "fee": row.fee or None})
        for row in frappe.get_all(
            "Account Entry",
            filters={"market": market},
            fields=[*_FIELDS, "payment_order", "reversal_of"],
            order_by="creation",
        )
    ]
    checks = (_entries, _fees, _prepaid, _payments, _receipts)
    return [violation for one in checks for violation in one(market, entries)]


def _entries(_market: str, entries: list[SimpleNamespace]) -> Iterator[Violation]:
    """Each entry is one the ledger admits; a reversal mirrors its original and never exceeds it."""
    originals = {entry.name: entry for entry in entries}
    reversed_amounts: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        entry.reversal_of = entry.reversal_of or None
        problem = entry_problem(entry)
        if problem:
            yield Violation("entry", entry.name, problem)
        if entry.reversal_of:
            original = originals.get(entry.reversal_of)
            swapped = (entry.credit_account, entry.debit_account)
            if not original or (original.debit_account, original.credit_account) != swapped:
                yield Violation("reversal mirrors its original", entry.name, str(entry.reversal_of))
            reversed_amounts[entry.reversal_of] += entry.amount
    for name, amount in reversed_amounts.items():
        if name in originals and amount > originals[name].amount:
            yield Violation("reversed at most once", name, f"{amount} > {originals[name].amount}")


def _fees(market: str, entries: list[SimpleNamespace]) -> Iterator[Violation]:
    """A published fee is charged once, never overpaid, its late fee within the cap, its cached figures true."""
    by_fee: dict[str, list[SimpleNamespace]] = defaultdict(list)
    for entry in entries:
        if entry.fee:
            by_fee[entry.fee].append(entry)
    fields = ["name", "status", "amount", "outstanding", "late_fee", "late_fee_posted", "late_fee_cap"]
    for fee in frappe.get_all("Fee", filters={"market": market}, fields=fields):
        own = by_fee.pop(fee.name, [])
        account = fee_account(own)
        charged = sum((entry.amount for entry in own if entry.entry_type == CHARGE), ZERO)
        published = fee.status != "Draft"
        if published and (fee.status != "Reversed" or own) and charged != yuan(fee.amount):
            yield Violation("charged once", fee.name, f"{charged} ≠ {yuan(fee.amount)}")
        if not published and own:
            yield Violation("a draft has no entries", fee.name, str(len(own)))
        if account.principal < 0 or account.late_fee < 0:
            yield Violation("outstanding ≥ 0", fee.name, f"{account.principal}, {account.late_fee}")
        if account.late_fee_posted > yuan(yuan(fee.amount) * number(fee.late_fee_cap)):
            yield Violation("late fee ≤ cap", fee.name, str(account.late_fee_posted))
        if published:
            yield from _caches(fee, account.principal, account.late_fee, account.late_fee_posted)
    for name in by_fee:
        yield Violation("entries belong to a fee", name, "no such fee")


def _caches(
    fee: frappe._dict, principal: Decimal, late_fee: Decimal, late_fee_posted: Decimal
) -> Iterator[Violation]:
    cached = (yuan(fee.outstanding), yuan(fee.late_fee), yuan(fee.late_fee_posted))
    true = (principal, late_fee, late_fee_posted)
    if cached != true:
        yield Violation("cache = ledger", fee.name, f"{cached} ≠ {true}")
    settled = principal + late_fee == 0
    if settled != (fee.status in ("Paid", "Waived", "Reversed")):
        yield Violation("status = ledger", fee.name, fee.status)


def _prepaid(_market: str, entries: list[SimpleNamespace]) -> Iterator[Violation]:
    """Allocated ≤ received, for every merchant."""
    by_merchant: dict[str, list[SimpleNamespace]] = defaultdict(list)
    for entry in entries:
        by_merchant[entry.merchant].append(entry)
    for merchant, own in by_merchant.items():
        prepaid = -balance(own, PREPAID)
        if prepaid < 0:
            yield Violation("allocated ≤ received", merchant, str(prepaid))


def _payments(market: str, entries: list[SimpleNamespace]) -> Iterator[Violation]:
    """Σ payment entries of an order = the amount received, and nothing is posted for an order that was not paid."""
    received: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.entry_type == PAYMENT:
            received[entry.payment_order or ""] += entry.amount
    for order in frappe.get_all(
        "Market Payment Order", filters={"market": market}, fields=["name", "status", "amount"]
    ):
        expected = yuan(order.amount) if order.status in ("Paid", "Reversed") else ZERO
        posted = received.pop(order.name, ZERO)
        if posted != expected:
            yield Violation("payment = amount received", order.name, f"{posted} ≠ {expected}")
    for name, amount in received.items():
        yield Violation("payment has an order", name, str(amount))


def _receipts(market: str, _entries: list[SimpleNamespace]) -> Iterator[Violation]:
    """One receipt per paid order over its amount; numbers without gaps; lines add up."""
    lines: dict[str, Decimal] = defaultdict(Decimal)
    receipts = frappe.get_all(
        "Receipt", filters={"market": market}, fields=["name", "year", "number", "amount", "payment_order"]
    )
    names = {receipt.name for receipt in receipts}
    for line in frappe.get_all(
        "Receipt Line", filters={"parenttype": "Receipt"}, fields=["parent", "amount"]
    ):
        if line.parent in names:
            lines[line.parent] += yuan(line.amount)
    numbers: dict[int, list[int]] = defaultdict(list)
    for receipt in receipts:
        numbers[receipt.year].append(receipt.number)
        if lines[receipt.name] != yuan(receipt.amount):
            yield Violation("receipt lines add up", receipt.name, f"{lines[receipt.name]} ≠ {receipt.amount}")
    for year, taken in numbers.items():
        if sorted(taken) != list(range(1, len(taken) + 1)):
            yield Violation("receipt numbers are gapless", f"{market}-{year}", str(sorted(taken)))
    paid = frappe.get_all(
        "Market Payment Order",
        filters={"market": market, "status": ["in", ("Paid", "Reversed")]},
        pluck="name",
    )
    for order in set(paid) ^ {receipt.payment_order for receipt in receipts}:
        yield Violation("one receipt per payment", order, "")
