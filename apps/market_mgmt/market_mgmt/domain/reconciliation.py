"""A day's trade bill against our books: what is on one side only, or with another amount, is a difference.

Fees: WeChat rounds its charge half up to the cent on every payment; what it keeps beyond the contracted rate is an
excess (source: contract, 0.38 %).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MISSING_HERE, MISSING_THERE, AMOUNT = "Missing Here", "Missing There", "Amount Differs"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Difference:
    """Something to be looked into: `ours` and `theirs` in yuan, None where there is nothing."""

    kind: str
    number: str
    ours: Decimal | None
    theirs: Decimal | None


def differences(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> list[Difference]:
    """What does not agree, by number. Keys are order and refund numbers, values amounts in yuan."""
    found = []
    for number in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(number), theirs.get(number)
        if mine == other:
            continue
        kind = MISSING_HERE if mine is None else MISSING_THERE if other is None else AMOUNT
        found.append(Difference(kind, number, mine, other))
    return found


def expected_fee(amount: Decimal, rate: Decimal) -> Decimal:
    """What WeChat may keep of one payment, in yuan."""
    return (amount * rate).quantize(CENT, ROUND_HALF_UP)
