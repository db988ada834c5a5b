"""Money that becomes free: it pays what is owed at once, oldest first, in the transaction that frees it.

It is what a reversed bill had taken, a refund that failed, what is left when a payment is taken back. A payment of an order
that was closed pays through `settlement`, by the same rule.
"""

from datetime import date, datetime

from market_mgmt.services import dunning, ledger
from market_mgmt.services.allocations import pay_open_fees


def pay_open(merchant: str, now: datetime, since: date | None = None) -> list[str]:
    """Let the merchant's balance pay the open fees; returns the red cards that are lifted. The merchant is locked.

    It pays as of today, or as of the day `since` on which the money was there already, so that late fees are derived as
    if it had never been bound; the books are those of today.
    """
    today = now.date()
    balance = ledger.prepaid_balance(merchant, lock=True)
    if balance <= 0:
        return []
    paid = pay_open_fees(merchant, balance, min(since or today, today), booked=today)
    return [card for lease in paid.leases for card in dunning.after_payment(lease, now)]
