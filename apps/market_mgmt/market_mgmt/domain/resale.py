"""Utilities that are bought and sold on at cost: the price, and the cents that rounding would bring in too much.

Money rule 3 (domain.md): the sum charged never exceeds the supplier's bill; where only rounding makes it exceed, the
last cents come off the bills that gained most by it.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from market_mgmt.domain.amounts import ZERO

CENT = Decimal("0.01")


class Rounded(NamedTuple):
    """A bill in yuan, as it was rounded and before; one that is `fixed` keeps its amount."""

    amount: Decimal
    exact: Decimal
    fixed: bool = False

    @property
    def gain(self) -> Decimal:
        return self.amount - self.exact


def resale_price(amount: Decimal, units: Decimal) -> Decimal:
    """Yuan per unit at which a utility is sold on: what the supplier asks, rounded down to four decimals."""
    return (amount / units).quantize(Decimal("0.0001"), ROUND_DOWN)


def lose_a_cent(bills: Sequence[Rounded], limit: Decimal) -> list[int] | None:
    """Which bills lose a cent so that together they do not exceed the limit: those first that gained most by rounding,
    then in their order. Every bill stays within a cent of its exact amount, and above zero.

    None when cents cannot mend it: more was charged than the limit before anything was rounded, or what gained by
    rounding stands already.
    """
    excess = sum((bill.amount for bill in bills), ZERO) - limit
    if excess <= 0:
        return []
    if sum((bill.exact for bill in bills), ZERO) > limit:
        return None
    gained = [
        index for index, bill in enumerate(bills) if not bill.fixed and bill.gain > 0 and bill.amount > CENT
    ]
    cents = int(excess / CENT)
    if cents > len(gained):
        return None
    return sorted(sorted(gained, key=lambda index: -bills[index].gain)[:cents])
