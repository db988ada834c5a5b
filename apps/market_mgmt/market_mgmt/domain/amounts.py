"""Exact arithmetic behind the bills: fractions until the one rounding that each Fee gets."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

ZERO = Decimal("0.00")


def round_cents(value: Fraction) -> Decimal:
    """The amount in yuan rounded half up (away from zero) to 0.01, from an exact fraction."""
    sign = -1 if value < 0 else 1
    cents = (abs(value) * 200 + 1) // 2
    return Decimal(sign * int(cents)).scaleb(-2) + ZERO


def spread(parts: Iterable[Fraction]) -> list[Decimal]:
    """Cents per part such that they add up to the rounded total: each is the growth of the rounded running sum."""
    result: list[Decimal] = []
    running, shown = Fraction(0), ZERO
    for part in parts:
        running += part
        rounded = round_cents(running)
        result.append(rounded - shown)
        shown = rounded
    return result


def is_cents(value: Decimal) -> bool:
    """Whether an amount has no more than two decimals."""
    return value == value.quantize(ZERO)
