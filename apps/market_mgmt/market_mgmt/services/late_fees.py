"""Posting late fees: each posting is what a bill owes as of a day, less what was posted before.

Posted before every payment and at month end. Reading a balance needs no posting: `ledger.open_fees` computes it.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.late_fee import Derivation
from market_mgmt.domain.ledger import (
    LATE_FEE,
    LATE_FEE_INCOME,
    LATE_FEE_RECEIVABLE,
    REVERSAL,
    Posting,
    fee_account,
)
from market_mgmt.services import ledger
from market_mgmt.services.rows import chunks, lock, number

_FIELDS = (
    *("name", "market", "merchant", "lease", "stall", "status"),
    *("amount", "late_fee_applies", "late_fee_from", "late_fee_rate", "late_fee_cap"),
)


def rule_in_force(market: str, on: date) -> frappe._dict | None:
    """The market's late fee rule that has taken effect last, None without one (then no late fees run)."""
    rules = frappe.get_all(
        "Late Fee Rule",
        filters={"market": market, "effective_from": ["<=", on]},
        fields=["start_after_days", "daily_rate", "cap_share"],
        order_by="effective_from desc, creation desc",
        limit=1,
    )
    if not rules:
        return None
    rule = rules[0]
    return frappe._dict(rule, daily_rate=number(rule.daily_rate), cap_share=number(rule.cap_share))


def post_due(fees: Iterable[str], as_of: date) -> Decimal:
    """Post what these fees owe in late fees up to and including `as_of`; returns the sum in yuan. Repeating adds nothing."""
    total = Decimal("0.00")
    for piece in chunks(fees):
        rows = [row for row in lock("Fee", piece, _FIELDS).values() if row.status in ledger.OPEN]
        total += accrue(rows, ledger.entries_of((row.name for row in rows), lock=True), as_of)
    return total


def accrue(
    bills: Iterable[frappe._dict], entries: Mapping[str, list[ledger.LedgerEntry]], as_of: date
) -> Decimal:
    """What `post_due` does, for open bills that have been read with their entries under lock."""
    postings = []
    for bill in bills:
        account = fee_account(entries[bill.name])
        growth = ledger.late_fee_owed(bill, account, as_of) - account.late_fee_posted
        if growth > 0:
            key = f"late|{bill.name}|{account.entry_count + 1}"
            postings.append(_posting(bill, as_of, LATE_FEE, growth, key))
    ledger.post(postings)
    ledger.refresh_caches([posting.fee or "" for posting in postings], as_of)
    return sum((posting.amount for posting in postings), Decimal(0))


def derivation_of(fee: str, as_of: date) -> Derivation | None:
    """How the late fee of a bill's whole life comes about, paid or not; None if late fees do not run on it.

    Raises DoesNotExistError for no fee.
    """
    row = frappe.db.get_value("Fee", fee, list(_FIELDS), as_dict=True)
    if not row:
        frappe.throw(_("Fee {0} does not exist.").format(fee), frappe.DoesNotExistError)
    if row.status in ("Draft", "Reviewed"):
        return None
    return ledger.late_fee_derivation(row, ledger.fee_accounts([fee])[fee], as_of)


def wind_back(
    bills: Iterable[frappe._dict], entries: Mapping[str, list[ledger.LedgerEntry]], as_of: date
) -> date | None:
    """Take back late fees posted for days after `as_of`, for a payment that is only now known to have been made then.

    Bills and their entries are as the ledger reads them under lock (`published`, `entries_of`).
    Returns the last day for which late fees had been posted if that lies after `as_of`: once the payment is
    allocated, `post_due` up to that day posts again what the rest still owes.
    """
    latest: date | None = None
    postings = []
    for bill in bills:
        own = entries[bill.name]
        posted = sorted(
            (entry for entry in own if entry.entry_type == LATE_FEE), key=lambda entry: entry.counted_from
        )
        if not posted or posted[-1].counted_from <= as_of:
            continue
        account = fee_account(own)
        latest = max(latest or posted[-1].counted_from, posted[-1].counted_from)
        excess = account.late_fee_posted - ledger.late_fee_owed(bill, account, as_of)
        excess = min(excess, account.late_fee)
        taken_back = _reversed_amounts(own)
        count = account.entry_count
        for entry in reversed(posted):
            part = min(excess, entry.amount - taken_back.get(entry.name, Decimal(0)))
            if part > 0:
                count += 1
                # In the books no earlier than what it takes back, or an earlier month would show less than nothing.
                day = max(as_of, entry.counted_from)
                key = f"late|{bill.name}|{count}"
                postings.append(_posting(bill, day, REVERSAL, part, key, entry.name))
                excess -= part
    ledger.post(postings)
    ledger.refresh_caches([posting.fee or "" for posting in postings], as_of)
    return latest


def accrue_market(market: str, as_of: date) -> Decimal:
    """Post the late fees of all open bills of a market up to and including `as_of`; returns the sum in yuan."""
    overdue = frappe.get_all(
        "Fee",
        filters={
            "market": market,
            "status": ["in", ledger.OPEN],
            "late_fee_applies": 1,
            "late_fee_from": ["<=", as_of],
        },
        pluck="name",
    )
    return yuan(post_due(overdue, as_of))


def _reversed_amounts(entries: list[ledger.LedgerEntry]) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for entry in entries:
        if entry.reversal_of:
            amounts[entry.reversal_of] = amounts.get(entry.reversal_of, Decimal(0)) + entry.amount
    return amounts


def _posting(
    fee: frappe._dict, on: date, entry_type: str, amount: Decimal, key: str, reversal_of: str | None = None
) -> Posting:
    """A late fee, or one taken back: the pair swapped."""
    pair = (LATE_FEE_RECEIVABLE, LATE_FEE_INCOME)
    debit, credit = pair if entry_type == LATE_FEE else reversed(pair)
    return Posting(
        fee.market,
        fee.merchant,
        on,
        entry_type,
        debit,
        credit,
        amount,
        key,
        lease=fee.lease,
        stall=fee.stall,
        fee=fee.name,
        voucher_type="Fee",
        voucher_no=fee.name,
        reversal_of=reversal_of,
    )
