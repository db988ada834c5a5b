"""Deposits: set aside for a lease out of what the merchant has paid, and released into the balance when it ends.

Taken at the counter or by transfer, never through WeChat: its refunds end after a year.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import frappe
from frappe import _
from market_mgmt.domain.leases import ENDED, TERMINATED
from market_mgmt.domain.ledger import DEPOSIT, DEPOSIT_HELD, DEPOSIT_RELEASE, PREPAID, Posting
from market_mgmt.services import labels, ledger
from market_mgmt.services.allocations import Paid, use_prepaid
from market_mgmt.services.rows import lock


def held(leases: Iterable[str], lock_rows: bool = False) -> dict[str, Decimal]:
    """The deposit held for each of these leases, in yuan."""
    return ledger.credit_balances(DEPOSIT_HELD, "lease", leases, lock_rows)


def set_aside(lease: str, amount: Decimal, on: date, key: str, payment_order: str | None = None) -> None:
    """Hold part of the merchant's balance as the deposit of a lease. The merchant is locked; `key` posts once.

    Raises ValidationError when the balance is smaller.
    """
    row = _lease(lease)
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


def settle(lease: str, on: date, reason: str) -> tuple[Decimal, list[str]]:
    """At the end of a lease: release its whole deposit and pay what the merchant owes from it.

    Returns what is left as balance, to be refunded on request, and the leases whose fees were paid. Raises
    ValidationError while the lease runs, or has bills that are not published: the deposit stands for them too.
    """
    row = _lease(lease)
    if row.status not in (ENDED, TERMINATED):
        frappe.throw(_("The deposit of a lease is settled when the lease has ended."))
    lock("Merchant", [row.merchant])
    if frappe.db.exists("Fee", {"lease": lease, "status": ["in", ("Draft", "Reviewed")]}):
        frappe.throw(
            _("Lease {0} has bills that are not published; publish or reverse them first.").format(
                labels.lease(lease)
            )
        )
    amount = held([lease], lock_rows=True)[lease]
    if amount > 0:
        release(lease, amount, on, reason)
    paid = use_prepaid([row.merchant], on).get(row.merchant, Paid())
    return ledger.prepaid_balance(row.merchant, lock=True), paid.leases


def carry_over(old: str, new: str, on: date) -> Decimal:
    """The deposit of a lease becomes that of the lease that renews it; returns how much that was."""
    rows = {lease: _lease(lease) for lease in (old, new)}
    lock("Merchant", [rows[old].merchant])
    amount = held([old], lock_rows=True)[old]
    if amount > 0:
        ledger.post(
            [
                _posting(rows[old], DEPOSIT_RELEASE, amount, on, f"deposit-renewal|{new}|out"),
                _posting(rows[new], DEPOSIT, amount, on, f"deposit-renewal|{new}|in"),
            ]
        )
    return amount


def _movements(lease: str) -> int:
    """How often the deposit of a lease was moved, read past the snapshot; it only ever grows."""
    table = frappe.qb.DocType("Account Entry")
    query = frappe.qb.from_(table).select(table.name).where(table.lease == lease)
    return len(query.where(table.entry_type.isin([DEPOSIT, DEPOSIT_RELEASE])).for_update().run())


def _lease(lease: str) -> frappe._dict:
    row = frappe.db.get_value("Lease", lease, ["name", "market", "merchant", "stall", "status"], as_dict=True)
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
