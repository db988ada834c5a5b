"""Deposits: set aside for a lease out of what the merchant has paid, and released into the balance when it ends.

Taken at the counter or by transfer, never through WeChat: its refunds end after a year.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

import frappe
from frappe import _
from market_mgmt.domain.leases import OVER
from market_mgmt.domain.ledger import DEPOSIT, DEPOSIT_HELD, DEPOSIT_RELEASE, PREPAID, Posting
from market_mgmt.services import dunning, labels, last_bills, ledger, openings
from market_mgmt.services.allocations import Paid, use_prepaid
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_date


def held(leases: Iterable[str], lock_rows: bool = False) -> dict[str, Decimal]:
    """The deposit held for each of these leases, in yuan."""
    return ledger.credit_balances(DEPOSIT_HELD, "lease", leases, lock_rows)


def set_aside(lease: str, amount: Decimal, on: date, key: str, payment_order: str | None = None) -> None:
    """Hold part of the merchant's balance as the deposit of a lease. The merchant is locked; `key` posts once.

    Raises ValidationError when the balance is smaller, or for a lease that is over: it is settled, not secured.
    """
    row = _lease(lease)
    if row.status in OVER:
        frappe.throw(_("Lease {0} is over; no deposit is taken for it.").format(labels.lease(lease)))
    if ledger.prepaid_balance(row.merchant, lock=True) < amount:
        frappe.throw(_("The balance of {0} is less than {1}.").format(labels.merchant(row.merchant), amount))
    ledger.post([_posting(row, DEPOSIT, amount, on, key, payment_order)])


def release(lease: str, amount: Decimal, on: date, reason: str) -> Decimal:
    """Put part of a deposit back into the merchant's balance; returns what is still held.

    Raises ValidationError without a reason or when less is held.
    """
    if not (reason or "").strip():
        frappe.throw(_("Releasing a deposit needs a reason."))
    row = _lease(lease)
    lock("Merchant", [row.merchant])
    available = held([lease], lock_rows=True)[lease]
    if not Decimal(0) < amount <= available:
        frappe.throw(_("The deposit of lease {0} is {1}.").format(labels.lease(lease), available))
    key = f"deposit-release|{lease}|{_movements(lease) + 1}"
    ledger.post([_posting(row, DEPOSIT_RELEASE, amount, on, key, remark=reason.strip())])
    return available - amount


def settle(lease: str, on: date, reason: str, now: datetime | None = None) -> tuple[Decimal, list[str]]:
    """At the end of a lease: release its whole deposit and pay the merchant's debts from it.

    A deposit of before this system is taken over first if nobody has recorded it (`openings.presume_deposit`).
    First those of the tenancy (the lease and those that it renewed), then those of other leases that are due; what is
    not due yet is not touched. Returns what is left as balance, to be refunded on request, and the leases whose fees
    were paid. Raises ValidationError while the lease runs, or names the bills of it that are still to be published: the
    deposit stands for them too.
    """
    row = _lease(lease)
    if row.status not in OVER:
        frappe.throw(_("The deposit of a lease is settled when the lease has ended."))
    lock("Merchant", [row.merchant])
    own = _tenancy(row)
    last_bills.require_none_missing(lease, own[1:], on)
    openings.presume_deposit(lease, on)
    amount = held([lease], lock_rows=True)[lease]
    if amount > 0:
        release(lease, amount, on, reason)
    bills = ledger.published(merchant=row.merchant, lock=True)
    first = [bill.name for bill in bills if bill.lease in own]
    due = [bill.name for bill in bills if as_date(bill.due_date) <= on]
    paid = use_prepaid([row.merchant], on, first, {*first, *due}).get(row.merchant, Paid())
    for one in paid.leases:
        dunning.after_payment(one, now or datetime.combine(on, time()))
    return ledger.prepaid_balance(row.merchant, lock=True), paid.leases


def carry_over(old: str, new: str, on: date) -> Decimal:
    """The deposit of a lease becomes that of the lease that renews it, or of the one it renewed when it is withdrawn.

    Returns how much that was.
    """
    rows = {lease: _lease(lease) for lease in (old, new)}
    lock("Merchant", [rows[old].merchant])
    openings.presume_deposit(old, on)
    amount = held([old], lock_rows=True)[old]
    if amount > 0:
        # A lease is renewed once and withdrawn once, and a voucher posts once.
        key = f"deposit-withdrawal|{old}" if rows[old].renewed_from == new else f"deposit-renewal|{new}"
        ledger.post(
            [
                _posting(rows[old], DEPOSIT_RELEASE, amount, on, f"{key}|out"),
                _posting(rows[new], DEPOSIT, amount, on, f"{key}|in"),
            ]
        )
    return amount


def _tenancy(row: frappe._dict) -> list[str]:
    """A lease and those that it renewed, one after the other."""
    found = [row.name]
    while row.renewed_from and row.renewed_from not in found:
        found.append(row.renewed_from)
        row = _lease(row.renewed_from)
    return found


def _movements(lease: str) -> int:
    """How often the deposit of a lease was moved, read past the snapshot; it only ever grows."""
    table = frappe.qb.DocType("Account Entry")
    query = frappe.qb.from_(table).select(table.name).where(table.lease == lease)
    return len(query.where(table.entry_type.isin([DEPOSIT, DEPOSIT_RELEASE])).for_update().run())


def _lease(lease: str) -> frappe._dict:
    fields = ["name", "market", "merchant", "stall", "status", "renewed_from"]
    row = frappe.db.get_value("Lease", lease, fields, as_dict=True)
    if not row:
        frappe.throw(_("Lease {0} does not exist.").format(lease), frappe.DoesNotExistError)
    return row


def _posting(
    lease: frappe._dict,
    entry_type: str,
    amount: Decimal,
    on: date,
    key: str,
    payment_order: str | None = None,
    remark: str | None = None,
) -> Posting:
    pair = (PREPAID, DEPOSIT_HELD) if entry_type == DEPOSIT else (DEPOSIT_HELD, PREPAID)
    return Posting(
        lease.market,
        lease.merchant,
        on,
        entry_type,
        *pair,
        amount,
        key,
        lease=lease.name,
        stall=lease.stall,
        payment_order=payment_order,
        voucher_type="Lease",
        voucher_no=lease.name,
        remark=remark,
    )
