"""What was there before this system: deposits and balances taken over as opening entries, on an account of their own.

They are no cash of ours: no receipt, no session and no day's takings knows them. What a lease owed is taken over as bills
(`billing.record_openings`).
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import frappe
from cn_connect.money import ZERO, yuan
from frappe import _
from market_mgmt.domain.ledger import (
    DEPOSIT_HELD,
    OPENING,
    OPENING_BALANCE,
    PREPAID,
    REVERSAL,
    Posting,
)
from market_mgmt.domain.openings import Opening, presumed_deposit
from market_mgmt.services import freed, labels, ledger
from market_mgmt.services.rows import chunks, lock
from market_mgmt.services.values import as_date

_LEASE = (
    *("name", "market", "merchant", "stall", "start_date", "deposit"),
    *("deposit_opened", "renewed_from", "withdrawn_on"),
)


def recorded(leases: Iterable[str]) -> dict[str, Opening]:
    """What is recorded of these leases."""
    found: dict[str, Opening] = {}
    for piece in chunks(leases):
        amounts: dict[tuple[str, str], Decimal] = {}
        table = frappe.qb.DocType("Account Entry")
        query = frappe.qb.from_(table).select(
            table.lease, table.debit_account, table.credit_account, table.amount
        )
        opened = (table.debit_account == OPENING_BALANCE) | (table.credit_account == OPENING_BALANCE)
        for lease, debit, credit, amount in query.where(table.lease.isin(piece) & opened).run():
            taken_back = credit == OPENING_BALANCE
            key = lease, debit if taken_back else credit
            amounts[key] = amounts.get(key, ZERO) + (-yuan(amount) if taken_back else yuan(amount))
        known = set(frappe.get_all("Lease", {"name": ["in", piece], "deposit_opened": 1}, pluck="name"))
        for lease in piece:
            deposit = amounts.get((lease, DEPOSIT_HELD), ZERO) if lease in known else None
            found[lease] = Opening(deposit, amounts.get((lease, PREPAID)))
    return found


def record(lease: str, opening: Opening, now: datetime, reason: str) -> bool:
    """Take over what a lease brought along; whether that changed anything. Recording the same again does not.

    Said again with another amount, the difference is posted or taken back, as far as it is still there. The balance is its merchant's, and pays what is
    open at once. Raises ValidationError without a reason, for a negative amount, for more than the agreed deposit, or when what is taken back has been used.
    """
    if not (reason or "").strip():
        frappe.throw(_("An opening entry needs a reason."))
    row, on = _lease(lease), now.date()
    lock("Merchant", [row.merchant])
    before = recorded([lease])[lease]
    changed = False
    if opening.deposit is not None and opening.deposit != before.deposit:
        _set(row, DEPOSIT_HELD, opening.deposit, on, reason)
        _require_deposit_fits(row)
        frappe.db.set_value("Lease", lease, "deposit_opened", 1)
        changed = True
    if opening.balance is not None and opening.balance != (before.balance or ZERO):
        _set(row, PREPAID, opening.balance, on, reason)
        if ledger.prepaid_balance(row.merchant, lock=True) < 0:
            frappe.throw(_("The opening balance of {0} has been used since.").format(labels.lease(lease)))
        freed.pay_open(row.merchant, now)
        changed = True
    return changed


def presume_deposit(lease: str, on: date) -> Decimal:
    """Before the deposit of a lease is moved: post what it brought along if nobody has said. The merchant is locked.

    Returns how much that was (see `domain.leases.presumed_deposit`).
    """
    row = _lease(lease)
    if row.renewed_from or row.withdrawn_on:
        return ZERO  # a renewal has what was carried over to it
    moved = bool(_entries(lease, DEPOSIT_HELD))
    since = _books_since(row.market)
    known = bool(row.deposit_opened)
    amount = presumed_deposit(yuan(row.deposit), as_date(row.start_date), since, known, moved)
    if amount > 0:
        _set(row, DEPOSIT_HELD, amount, on, _("As agreed in the lease, which is older than these books"))
        frappe.db.set_value("Lease", lease, "deposit_opened", 1)
    return amount


def _books_since(market: str) -> date | None:
    """The day of the first entry of a market; None while its books are empty."""
    first = frappe.get_all(
        "Account Entry", {"market": market}, pluck="posting_date", order_by="posting_date", limit=1
    )
    return as_date(first[0]) if first else None


def _set(row: frappe._dict, account: str, amount: Decimal, on: date, reason: str) -> None:
    """Post what is more than was recorded of a lease on an account, or take back what is less, the last entry first."""
    if amount < 0:
        frappe.throw(_("The amount must not be negative."))
    entries = _entries(row.name, account)
    opened = [entry for entry in entries if entry.entry_type == OPENING]
    left = {entry.name: entry.amount for entry in opened}
    for entry in entries:
        if entry.reversal_of in left:
            left[entry.reversal_of] -= entry.amount
    more = amount - sum(left.values(), ZERO)
    key = f"opening|{account}|{row.name}|{len(entries) + 1}"
    if more > 0:
        ledger.post([_posting(row, OPENING, (OPENING_BALANCE, account), more, on, key, reason)])
    for entry in reversed(opened):
        part = min(-more, left[entry.name])
        if part > 0:
            pair = (account, OPENING_BALANCE)
            ledger.post([_posting(row, REVERSAL, pair, part, on, f"{key}|{entry.name}", reason, entry.name)])
            more += part


def _posting(
    row: frappe._dict,
    entry_type: str,
    pair: tuple[str, str],
    amount: Decimal,
    on: date,
    key: str,
    reason: str,
    reversal_of: str | None = None,
) -> Posting:
    return Posting(
        row.market,
        row.merchant,
        on,
        entry_type,
        *pair,
        amount,
        key,
        lease=row.name,
        stall=row.stall,
        voucher_type="Lease",
        voucher_no=row.name,
        reversal_of=reversal_of,
        remark=reason.strip(),
    )


def _require_deposit_fits(row: frappe._dict) -> None:
    held = ledger.credit_balances(DEPOSIT_HELD, "lease", [row.name], lock=True)[row.name]
    if held < 0:
        frappe.throw(_("The deposit of lease {0} has been released since.").format(labels.lease(row.name)))
    if held > yuan(row.deposit):
        frappe.throw(
            _("The deposit of lease {0} is {1}; more than that cannot be held.").format(
                labels.lease(row.name), yuan(row.deposit)
            )
        )


def _entries(lease: str, account: str) -> list[ledger.LedgerEntry]:
    """The entries of a lease on an account, read past the snapshot."""
    return [
        entry
        for entry in ledger.entries_of_lease(lease, lock=True)
        if account in (entry.debit_account, entry.credit_account)
    ]


def _lease(lease: str) -> frappe._dict:
    row = frappe.db.get_value("Lease", lease, list(_LEASE), as_dict=True)
    if not row:
        frappe.throw(_("Lease {0} does not exist.").format(lease), frappe.DoesNotExistError)
    return row
