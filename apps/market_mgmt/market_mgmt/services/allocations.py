"""Spending a merchant's money on the open fees, after bringing their late fees up to the day of payment.

Whoever calls this holds the lock on the merchant.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import frappe
from market_mgmt.domain.allocation import Share, allocate
from market_mgmt.domain.ledger import ALLOCATION, LATE_FEE_RECEIVABLE, PREPAID, RECEIVABLE, Posting
from market_mgmt.services import late_fees, ledger
from market_mgmt.services.rows import chunks
from market_mgmt.services.values import as_date


@dataclass(frozen=True)
class Paid:
    """What money paid: the shares in the order in which they were paid, and the open fees as they were before."""

    shares: tuple[Share, ...] = ()
    fees: Mapping[str, ledger.OpenFeeRow] = field(default_factory=dict)

    @property
    def leases(self) -> list[str]:
        """The leases whose fees were paid."""
        return sorted({self.fees[share.fee].lease for share in self.shares})


def pay_open_fees(
    merchant: str,
    amount: Decimal,
    on: date,
    chosen: Collection[str] = (),
    payment: Posting | None = None,
    only: Collection[str] | None = None,
    booked: date | None = None,
) -> Paid:
    """Allocate up to `amount` of the merchant's balance to open fees, as of a day.

    `payment` is what brings the money if it is not yet in the balance; it is posted too. Fees that are not among
    `only`, if given, are left alone. `on` may lie in the past when a payment became known late: late fees posted since
    then are set right, and a bill published since then is paid on its bill date. `booked` is the day in the books when
    it is a later one.
    """
    bills = ledger.published(merchant=merchant, lock=True)
    entries = ledger.entries_of((row.name for row in bills), lock=True)
    accruing = [row for row in bills if row.late_fee_applies and row.late_fee_from]
    posted_until = late_fees.wind_back(accruing, entries, on)
    if posted_until:
        entries = ledger.entries_of(entries, lock=True)
    if late_fees.accrue([row for row in accruing if row.late_fee_from <= on], entries, on):
        entries = ledger.entries_of(entries, lock=True)
    rows = {row.name: row for row in ledger.owed(bills, entries, on)}
    payable = [row.open_fee() for row in rows.values() if only is None or row.name in only]
    shares, _rest = allocate(amount, payable, chosen)
    order = payment.payment_order if payment else None
    allocated = [
        posting for share in shares for posting in _postings(share, rows[share.fee], on, order, booked)
    ]
    ledger.post([payment, *allocated] if payment else allocated)
    by_day: dict[date, list[str]] = {}
    for share in shares:
        by_day.setdefault(_paid_on(rows[share.fee], on), []).append(share.fee)
    for day, fees in by_day.items():
        ledger.refresh_caches(fees, day)
    if posted_until:
        late_fees.post_due((row.name for row in accruing), posted_until)
    return Paid(tuple(shares), rows)


def use_prepaid(
    merchants: Iterable[str],
    as_of: date,
    chosen: Collection[str] = (),
    only: Collection[str] | None = None,
) -> dict[str, Paid]:
    """Let prepaid balances pay open fees (`chosen` ones first, no others than `only`); returns what each merchant paid
    that had a balance.

    A balance that came after `as_of` (of bills dated back) pays on the day it came.
    """
    balances = ledger.prepaid_balances(merchants, lock=True)
    since = _last_credit([merchant for merchant, balance in balances.items() if balance > 0])
    return {
        merchant: pay_open_fees(merchant, balances[merchant], max(as_of, day), chosen, only=only)
        for merchant, day in sorted(since.items())
    }


def _last_credit(merchants: Iterable[str]) -> dict[str, date]:
    """The day on which each merchant's balance last grew, by the books."""
    query = (
        "SELECT merchant, MAX(posting_date) FROM `tabAccount Entry`"
        " WHERE merchant IN %s AND credit_account = %s GROUP BY merchant FOR UPDATE"
    )
    return {
        merchant: as_date(day)
        for piece in chunks(merchants)
        for merchant, day in frappe.db.sql(query, (tuple(piece), PREPAID))
    }


def _paid_on(fee: ledger.OpenFeeRow, on: date) -> date:
    """The day on which money of a day pays a fee: not before the fee was billed."""
    return max(on, fee.bill_date)


def _postings(
    share: Share, fee: ledger.OpenFeeRow, on: date, payment_order: str | None, booked: date | None
) -> list[Posting]:
    """Late fee and principal of a share. Keys tie them to the payment, or to the state of the fee they found."""
    voucher = (
        f"allocation|{payment_order}|{fee.name}" if payment_order else f"prepaid|{fee.name}|{fee.entry_count}"
    )
    parts = ((LATE_FEE_RECEIVABLE, share.late_fee), (RECEIVABLE, share.principal))
    counted = _paid_on(fee, on)
    day = max(counted, booked or counted)
    return [
        Posting(
            market=fee.market,
            merchant=fee.merchant,
            posting_date=day,
            value_date=counted if counted < day else None,
            entry_type=ALLOCATION,
            debit_account=PREPAID,
            credit_account=account,
            amount=amount,
            idempotency_key=f"{voucher}|{account}",
            lease=fee.lease,
            stall=fee.stall,
            fee=fee.name,
            payment_order=payment_order,
            voucher_type="Market Payment Order" if payment_order else "Fee",
            voucher_no=payment_order or fee.name,
        )
        for account, amount in parts
        if amount > 0
    ]
