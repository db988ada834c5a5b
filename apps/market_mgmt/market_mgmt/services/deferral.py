"""Rent of several months in the books: charged to deferred income, recognised as income month by month.

`Fee.deferred` is a cache of what is not yet income. Bills published before a market deferred anything stay as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import frappe
from frappe import _dict
from market_mgmt.domain import deferral as rules
from market_mgmt.domain.deferral import Share
from market_mgmt.domain.ledger import DEFERRED_INCOME, INCOME, RECOGNITION, Posting
from market_mgmt.domain.periods import months_between
from market_mgmt.services import ledger
from market_mgmt.services.deferred_shares import shares_of
from market_mgmt.services.ledger_caches import refresh_deferred
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_date

_FEE = ("name", "market", "merchant", "lease", "stall", "status", "bill_date")


def deferred_shares(market: str, bills: Sequence[_dict], bill_date: date) -> dict[str, list[Share]]:
    """By name, the shares of those bills of a market that are deferred when they are published on `bill_date`.

    `bills` are rows of Fee with name, period_start and period_end.
    """
    several = [row.name for row in bills if months_between(row.period_start, row.period_end)]
    if not several or not frappe.db.get_value("Market", market, "defer_income"):
        return {}
    found = shares_of(dict.fromkeys(several, bill_date))
    return {name: shares for name, shares in found.items() if rules.is_deferred(shares)}


def recognitions(
    fees: Iterable[_dict], shares: Mapping[str, Sequence[Share]], through: date
) -> list[Posting]:
    """The entries of what is income through a day of bills just published."""
    return [
        _posting(fee, share)
        for fee in fees
        if fee.name in shares
        for share in rules.due(shares[fee.name], 0, through)
    ]


def recognise(market: str, through: date) -> int:
    """Post what has become income through a day; returns the number of entries. Repeating posts nothing."""
    names = frappe.get_all(
        "Fee", {"market": market, "deferred": [">", 0], "status": ["!=", "Reversed"]}, pluck="name"
    )
    fees = [row for row in lock("Fee", names, _FEE).values() if row.status != "Reversed"]
    postings = [_posting(fee, share) for fee, share in _due(fees, through)]
    ledger.post(postings)
    refresh_deferred({posting.fee for posting in postings if posting.fee})
    return len(postings)


def _due(fees: Sequence[_dict], through: date) -> list[tuple[_dict, Share]]:
    shares = shares_of({fee.name: as_date(fee.bill_date) for fee in fees})
    entries = ledger.entries_of(shares, lock=True)
    return [
        (fee, share)
        for fee in fees
        for share in rules.due(shares[fee.name], rules.recognised(entries[fee.name]), through)
    ]


def _posting(fee: _dict, share: Share) -> Posting:
    return Posting(
        market=fee.market,
        merchant=fee.merchant,
        posting_date=share.day,
        entry_type=RECOGNITION,
        debit_account=DEFERRED_INCOME,
        credit_account=INCOME,
        amount=share.amount,
        idempotency_key=f"recognition|{fee.name}|{share.month}",
        lease=fee.lease,
        stall=fee.stall,
        fee=fee.name,
        voucher_type="Fee",
        voucher_no=fee.name,
        remark=share.month,
    )
