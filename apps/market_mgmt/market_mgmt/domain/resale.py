"""Utilities that are bought and sold on at cost: the price, and the cents that rounding would bring in too much.

Money rule 3 (domain.md): the sum charged never exceeds the supplier's bill; where only rounding makes it exceed, the
last cents come off the bills that gained most by it.
"""

from collections.abc import Mapping, Sequence
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


def register_prices(
    amount: Decimal, units: Decimal, parts: Mapping[str, tuple[Decimal, Decimal]]
) -> tuple[Decimal, dict[str, Decimal]]:
    """The price of a unit outside of, and in each of the registers that a supplier's bill lists, from their units and
    amounts; the rest of the bill is that of the shoulder hours. Rounded down to four decimals.

    Raises ValueError for parts that do not fit into the bill, or have an amount without units.
    """
    named = {register: part for register, part in parts.items() if any(part)}
    if any(used <= 0 or cost <= 0 for used, cost in named.values()):
        raise ValueError("a register needs both units and amount")
    rest_units = units - sum((used for used, _cost in named.values()), Decimal(0))
    rest_amount = amount - sum((cost for _used, cost in named.values()), ZERO)
    if rest_units < 0 or rest_amount < 0 or (rest_units == 0) != (rest_amount == 0):
        raise ValueError("the registers exceed the bill")
    prices = {register: resale_price(cost, used) for register, (used, cost) in named.items()}
    whole = resale_price(rest_amount, rest_units) if rest_units else min(prices.values())
    return whole, prices


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
