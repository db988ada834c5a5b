"""Every invariant of the ledger, checked over all of a market: what must hold whatever happened in between.

Runs every night, before a month is closed, by `bench audit-ledger` and at the end of `make cycle`. Each violation names
the document it is about.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import accumulate
from types import SimpleNamespace

import frappe
from cn_connect.money import yuan
from market_mgmt.domain import deferral
from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.ledger import (
    CHARGE,
    DEFERRED_INCOME,
    DEPOSIT_HELD,
    OVER_SHORT,
    PAYMENT,
    PREPAID,
    RECEIVABLE,
    REFUND,
    REFUND_PAYABLE,
    balance,
    entry_problem,
    fee_account,
)
from market_mgmt.domain.refund import SUCCEEDED
from market_mgmt.services import ledger_seals
from market_mgmt.services.closed_months import closed_through
from market_mgmt.services.deferred_shares import shares_of
from market_mgmt.services.rows import number

_FIELDS = (
    *("name", "merchant", "lease", "fee", "payment_order", "posting_date", "value_date"),
    *("entry_type", "debit_account", "credit_account", "amount", "reversal_of", "voucher_type", "voucher_no"),
)

# Every invariant, in the order in which they are shown.
RULES = (
    "entry",
    "reversal mirrors its original",
    "reversed at most once",
    "a draft has no entries",
    "charged once",
    "outstanding ≥ 0",
    "late fee ≤ cap",
    "cache = ledger",
    "status = ledger",
    "entries belong to a fee",
    "allocated ≤ received",
    "refunds under way ≥ 0",
    "deposit ≥ 0",
    "deferred income ≥ 0",
    "income is recognised in its month",
    "payment = amount received",
    "payment has an order",
    "receipt lines add up",
    "receipt numbers are gapless",
    "one receipt per payment",
    "refund = amount paid out",
    "refund vouchers are gapless",
    "counted difference is booked",
    "a closed month never changes",
    "sealed entries are unchanged",
)


@dataclass(frozen=True)
class Violation:
    """What does not hold, and where."""

    rule: str
    document: str
    detail: str


@dataclass
class Audit:
    """How often each invariant was looked at, and every violation that was found."""

    market: str
    entries: int = 0
    checked: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(RULES, 0)))
    violations: list[Violation] = field(default_factory=list)

    def expect(self, rule: str, holds: bool, document: str, detail: object = "") -> None:
        self.checked[rule] += 1
        if not holds:
            self.violations.append(Violation(rule, document, str(detail)))

    def first(self, rule: str) -> Violation | None:
        return next((violation for violation in self.violations if violation.rule == rule), None)


def check(market: str) -> list[Violation]:
    """Every violated invariant of a market's ledger, its caches, its payments and its receipts. Empty means balanced."""
    return audit(market).violations


def audit(market: str) -> Audit:
    """The same with how often each invariant was checked."""
    entries = [
        SimpleNamespace(
            **{
                **row,
                "amount": yuan(row.amount),
                "fee": row.fee or None,
                "reversal_of": row.reversal_of or None,
            }
        )
        for row in frappe.get_all(
            "Account Entry", filters={"market": market}, fields=list(_FIELDS), order_by="creation"
        )
    ]
    result = Audit(market, len(entries))
    for one in (
        _entries,
        _fees,
        _balances,
        _payments,
        _receipts,
        _refunds,
        _counts,
        _closed_months,
        _recognised,
        _seals,
    ):
        one(result, entries)
    return result


def _entries(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """Each entry is one the ledger admits; a reversal mirrors its original and never exceeds it."""
    originals = {entry.name: entry for entry in entries}
    reversed_amounts: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        problem = entry_problem(entry)
        audit.expect("entry", not problem, entry.name, problem)
        if entry.reversal_of:
            original = originals.get(entry.reversal_of)
            pair = (entry.credit_account, entry.debit_account)
            mirrored = original is not None and (original.debit_account, original.credit_account) == pair
            audit.expect("reversal mirrors its original", mirrored, entry.name, entry.reversal_of)
            reversed_amounts[entry.reversal_of] += entry.amount
    for name, amount in reversed_amounts.items():
        if name in originals:
            limit = originals[name].amount
            audit.expect("reversed at most once", amount <= limit, name, f"{amount} > {limit}")


def _fees(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """A published fee is charged once, never overpaid, its late fee within the cap, its cached figures true."""
    by_fee: dict[str, list[SimpleNamespace]] = defaultdict(list)
    for entry in entries:
        if entry.fee:
            by_fee[entry.fee].append(entry)
    fields = [
        "name",
        "status",
        "amount",
        "outstanding",
        "late_fee",
        "late_fee_posted",
        "late_fee_cap",
        "deferred",
    ]
    for fee in frappe.get_all("Fee", filters={"market": audit.market}, fields=fields):
        own = by_fee.pop(fee.name, [])
        account = fee_account(own)
        amount = yuan(fee.amount)
        if fee.status in ("Draft", "Reviewed"):
            audit.expect("a draft has no entries", not own, fee.name, len(own))
            continue
        charged = sum((entry.amount for entry in own if entry.entry_type == CHARGE), ZERO)
        dropped_draft = fee.status == "Reversed" and not own
        audit.expect("charged once", dropped_draft or charged == amount, fee.name, f"{charged} ≠ {amount}")
        least = min(_least(own, RECEIVABLE), account.late_fee)
        audit.expect(
            "outstanding ≥ 0", least >= 0, fee.name, f"{least}, {account.principal}, {account.late_fee}"
        )
        cap = yuan(amount * number(fee.late_fee_cap))
        audit.expect("late fee ≤ cap", account.late_fee_posted <= cap, fee.name, account.late_fee_posted)
        cached = (*map(yuan, (fee.outstanding, fee.late_fee, fee.late_fee_posted, fee.deferred)),)
        deferred = -balance(own, DEFERRED_INCOME)
        true = (account.principal, account.late_fee, account.late_fee_posted, deferred)
        difference = f"{' '.join(map(str, cached))} ≠ {' '.join(map(str, true))}"
        audit.expect("cache = ledger", cached == true, fee.name, difference)
        least = _least(own, DEFERRED_INCOME, -1)
        audit.expect("deferred income ≥ 0", least >= 0, fee.name, least)
        settled = account.principal + account.late_fee == 0
        ended = fee.status in ("Paid", "Waived", "Reversed")
        audit.expect("status = ledger", settled == ended, fee.name, fee.status)
    for name in by_fee:
        audit.expect("entries belong to a fee", False, name, "no such fee")


def _balances(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """Nobody has allocated, refunded or deducted more than was received, at the end of any day."""
    rules = (
        ("allocated ≤ received", PREPAID, "merchant"),
        ("refunds under way ≥ 0", REFUND_PAYABLE, "merchant"),
        ("deposit ≥ 0", DEPOSIT_HELD, "lease"),
    )
    for rule, account, owner in rules:
        held: dict[str, list[SimpleNamespace]] = defaultdict(list)
        for entry in entries:
            if account in (entry.debit_account, entry.credit_account):
                held[getattr(entry, owner) or ""].append(entry)
        for name, own in held.items():
            amount = _least(own, account, -1)
            audit.expect(rule, amount >= 0, name, amount)


def _least(entries: list[SimpleNamespace], account: str, sign: int = 1) -> Decimal:
    """The lowest balance (of debit; of credit with sign −1) of an account at the end of any day of the books, in yuan."""
    days: dict[date, list[SimpleNamespace]] = defaultdict(list)
    for entry in entries:
        days[entry.posting_date].append(entry)
    ends = accumulate(sign * balance(days[day], account) for day in sorted(days))
    return min(ends, default=ZERO)


def _payments(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """Σ payment entries of an order = the amount received, and nothing is posted for an order that was not paid."""
    received: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.entry_type == PAYMENT:
            received[entry.payment_order or ""] += entry.amount
    for order in frappe.get_all(
        "Market Payment Order", filters={"market": audit.market}, fields=["name", "status", "amount"]
    ):
        expected = yuan(order.amount) if order.status in ("Paid", "Reversed") else ZERO
        posted = received.pop(order.name, ZERO)
        audit.expect("payment = amount received", posted == expected, order.name, f"{posted} ≠ {expected}")
    for name, amount in received.items():
        audit.expect("payment has an order", False, name, amount)


def _receipts(audit: Audit, _entries: list[SimpleNamespace]) -> None:
    """One receipt per paid order over its amount; numbers without gaps; lines add up."""
    receipts = frappe.get_all(
        "Receipt",
        filters={"market": audit.market},
        fields=["name", "year", "number", "amount", "payment_order"],
    )
    names = {receipt.name for receipt in receipts}
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for line in frappe.get_all(
        "Receipt Line", filters={"parenttype": "Receipt"}, fields=["parent", "amount"]
    ):
        if line.parent in names:
            lines[line.parent] += yuan(line.amount)
    numbers: dict[int, list[int]] = defaultdict(list)
    for receipt in receipts:
        numbers[receipt.year].append(receipt.number)
        total = lines[receipt.name]
        adds_up = total == yuan(receipt.amount)
        audit.expect("receipt lines add up", adds_up, receipt.name, f"{total} ≠ {receipt.amount}")
    for year, taken in numbers.items():
        gapless = sorted(taken) == list(range(1, len(taken) + 1))
        audit.expect("receipt numbers are gapless", gapless, f"{audit.market}-{year}", sorted(taken))
    paid = frappe.get_all(
        "Market Payment Order",
        filters={"market": audit.market, "status": ["in", ("Paid", "Reversed")]},
        pluck="name",
    )
    receipted = {receipt.payment_order for receipt in receipts}
    for order in sorted({*paid} | receipted):
        audit.expect("one receipt per payment", order in receipted and order in paid, order)


def _refunds(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """What left by a refund is its amount, once it has succeeded; then it has a voucher, numbered without gaps."""
    left: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.entry_type == REFUND:
            left[entry.voucher_no if entry.voucher_type == "Refund" else entry.name] += entry.amount
    numbers: dict[int, list[int]] = defaultdict(list)
    fields = ["name", "status", "amount", "voucher_year", "voucher_number"]
    for refund in frappe.get_all("Refund", filters={"market": audit.market}, fields=fields):
        succeeded = refund.status == SUCCEEDED
        expected, posted = yuan(refund.amount) if succeeded else ZERO, left.pop(refund.name, ZERO)
        audit.expect("refund = amount paid out", posted == expected, refund.name, f"{posted} ≠ {expected}")
        if succeeded or refund.voucher_number:
            numbers[refund.voucher_year].append(refund.voucher_number)
    for name, amount in left.items():
        audit.expect("refund = amount paid out", False, name, amount)
    for year, taken in numbers.items():
        gapless = sorted(taken) == list(range(1, len(taken) + 1))
        audit.expect("refund vouchers are gapless", gapless, f"{audit.market}-{year}", sorted(taken))


def _counts(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """What was counted too much or too little at the end of a session is in the ledger, channel by channel."""
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if OVER_SHORT in (entry.debit_account, entry.credit_account):
            booked[entry.voucher_no] -= balance([entry], OVER_SHORT)
    filters = {"market": audit.market, "status": "Closed", "difference_booked": 1}
    sessions = set(frappe.get_all("Cashier Session", filters=filters, pluck="name"))
    fields = ["name", "parent", "difference"]
    for count in frappe.get_all(
        "Cashier Session Count", filters={"parenttype": "Cashier Session"}, fields=fields
    ):
        if count.parent in sessions:
            found, true = booked.pop(count.name, ZERO), yuan(count.difference)
            audit.expect("counted difference is booked", found == true, count.parent, f"{found} ≠ {true}")
    for name, amount in booked.items():
        audit.expect("counted difference is booked", False, name, amount)


def _closed_months(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """A closed month still has the totals it was closed with."""
    by_month: dict[str, list[SimpleNamespace]] = defaultdict(list)
    for entry in entries:
        by_month[f"{entry.posting_date:%Y-%m}"].append(entry)
    closes = frappe.get_all("Month Close", filters={"market": audit.market}, fields=["name", "period"])
    for close in closes:
        own = by_month[close.period]
        totals = frappe.get_all(
            "Month Close Total", filters={"parent": close.name}, fields=["account", "debit", "credit"]
        )
        written = {row.account: yuan(row.debit) - yuan(row.credit) for row in totals}
        accounts = {account for entry in own for account in (entry.debit_account, entry.credit_account)}
        true = {account: balance(own, account) for account in accounts}
        audit.expect("a closed month never changes", written == true, close.name, f"{written} ≠ {true}")


def _recognised(audit: Audit, entries: list[SimpleNamespace]) -> None:
    """What of deferred income belongs into closed months has been recognised."""
    rule, closed = "income is recognised in its month", closed_through(audit.market)
    if closed is None:
        return
    filters = {"market": audit.market, "deferred": [">", 0], "bill_date": ["<=", closed]}
    fees = frappe.get_all("Fee", filters, ["name", "bill_date"])
    own: dict[str, list[SimpleNamespace]] = {fee.name: [] for fee in fees}
    for entry in entries:
        if entry.fee in own:
            own[entry.fee].append(entry)
    for name, shares in shares_of({fee.name: fee.bill_date for fee in fees}).items():
        late = list(deferral.due(shares, deferral.recognised(own[name]), closed))
        audit.expect(rule, not late, name, " ".join(share.month for share in late))


def _seals(audit: Audit, _entries: list[SimpleNamespace]) -> None:
    """What was sealed is still there and unchanged."""
    problems = list(ledger_seals.problems(audit.market))
    sealed = frappe.db.count("Ledger Seal", {"market": audit.market})
    audit.checked["sealed entries are unchanged"] += max(sealed - len(problems), 0)
    for document, problem in problems:
        audit.expect("sealed entries are unchanged", False, document, problem)
