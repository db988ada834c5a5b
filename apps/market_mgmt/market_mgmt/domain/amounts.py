"""Exact arithmetic behind the bills: decimals, or fractions where days divide, until the one rounding of each Fee."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

ZERO = Decimal("0.00")
# Digits enough for the product of any two stored numbers; the usual 28 are not.
_EXACT = Context(prec=60)

Exact = Decimal | Fraction


def times(one: Decimal, other: Decimal) -> Decimal:
    """The product, with all its digits."""
    return _EXACT.multiply(one, other)


def round_cents(value: Exact) -> Decimal:
    """The amount in yuan rounded half up (away from zero) to 0.01, from an exact value."""
    if isinstance(value, Decimal):
        return value.quantize(ZERO, ROUND_HALF_UP, _EXACT) + ZERO
    sign = -1 if value < 0 else 1
    cents = (abs(value) * 200 + 1) // 2
    return Decimal(sign * int(cents)).scaleb(-2) + ZERO


def spread(parts: Iterable[Exact]) -> list[Decimal]:
    """Cents per part such that they add up to the rounded total: each is the growth of the rounded running sum."""
    exact = list(parts)
    if len(exact) == 1:
        return [round_cents(exact[0])]
    result: list[Decimal] = []
    running, shown = Fraction(0), ZERO
    for part in exact:
        running += Fraction(part)
        rounded = round_cents(running)
        result.append(rounded - shown)
        shown = rounded
    return result


def is_cents(value: Decimal) -> bool:
    """Whether an amount has no more than two decimals."""
    return value == value.quantize(ZERO)
