"""Kinds of tariff for metered units: one price, tiers 阶梯, time of use 峰谷平尖; each may have a minimum charge 保底费.

Tiers are counted over all units of a bill: those up to the first bound at the unit price, those above a bound at its price.
Time of use has a price per register of the meter; a register without a price of its own has the unit price, which is that
of the shoulder hours 平. Where a tariff changes while units were used, units and bounds are divided by days. A bill below the
minimum charge is raised to it. Everything is rounded once, as one bill.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from market_mgmt.domain.amounts import ZERO, Exact, spread
from market_mgmt.domain.billing import Bill, Line, Segment, plain, reading_text
from market_mgmt.domain.periods import days_inclusive

FLAT, TIERED, TIME_OF_USE = "Flat", "Tiered", "Time of Use"
SHOULDER = "Shoulder"
REGISTERS = ("Sharp", "Peak", SHOULDER, "Valley")
_THREE_DECIMALS = Decimal("0.001")


class Tier(NamedTuple):
    """Units above a bound have this price."""

    above: Decimal
    price: Decimal


class Rate(NamedTuple):
    """A tariff. `registers` are the prices of registers that have their own; `minimum` is yuan per calendar month."""

    unit_price: Decimal
    tiers: tuple[Tier, ...] = ()
    registers: tuple[tuple[str, Decimal], ...] = ()
    minimum: Decimal = ZERO

    def price_of(self, register: str | None) -> Decimal:
        return dict(self.registers).get(register or "", self.unit_price)


class RateDays(NamedTuple):
    """A tariff in force from `start` to `end`."""

    start: date
    end: date
    rate: Rate

    @property
    def days(self) -> int:
        return days_inclusive(self.start, self.end)


class RatedUse(NamedTuple):
    """What a register of a meter added (None: the whole meter), and the tariffs of the days on which it was used."""

    segment: Segment
    register: str | None
    rates: Sequence[RateDays]


Step = tuple[Line, Exact]


def tier_problem(tiers: Sequence[Tier]) -> str | None:
    """Why these cannot be the tiers of a tariff, None if they can."""
    if not tiers:
        return "there are no tiers"
    if tiers[0].above <= 0 or any(one.above >= other.above for one, other in pairwise(tiers)):
        return "the bounds do not rise"
    return None


def rated(uses: Sequence[RatedUse]) -> Bill:
    """What was used, by the tariffs of the days on which it was. Raises ValueError when the total is negative."""
    total = sum((use.segment.consumption for use in uses), Decimal(0))
    if total < 0:
        raise ValueError(f"negative consumption: {total}")
    steps = [step for use in uses for step in _read(use)]
    for rate, units, share in _tiered(uses):
        steps += _by_tier(rate, units, share)
    amounts = spread([exact for _line, exact in steps])
    lines = [line._replace(amount=amount) for (line, _exact), amount in zip(steps, amounts, strict=True)]
    return Bill(sum(amounts, ZERO), tuple(lines))


def at_least(bill: Bill, minimum: Decimal, text: str) -> Bill:
    """The bill, raised to the minimum charge by a line of its own where it is below."""
    missing = minimum - bill.amount
    if missing <= 0:
        return bill
    return Bill(minimum, (*bill.lines, Line(text, Decimal(1), missing, 0, missing)))


def _read(use: RatedUse) -> Iterator[Step]:
    """One line per tariff in force; units that are charged by tier are only shown."""
    days = sum(piece.days for piece in use.rates)
    for piece in use.rates:
        units = _units(use, piece, days)
        price = ZERO if piece.rate.tiers else piece.rate.price_of(use.register)
        text, shown = reading_text(use.segment), use.segment.consumption
        if len(use.rates) > 1:
            text += f", {piece.start} – {piece.end} ({piece.days}/{days})"
            shown = (shown * piece.days / days).quantize(_THREE_DECIMALS)
        yield Line(text, shown, price, piece.days if len(use.rates) > 1 else 0, ZERO), units * Fraction(price)


def _units(use: RatedUse, piece: RateDays, days: int) -> Fraction:
    return Fraction(use.segment.consumption) * Fraction(piece.days, days)


def _tiered(uses: Sequence[RatedUse]) -> Iterator[tuple[Rate, Fraction, Fraction]]:
    """Each tariff with tiers, the units that fall to it, and its share of all days: the part of the bounds it has."""
    units: dict[Rate, Fraction] = {}
    days: dict[Rate, int] = {}
    for use in uses:
        of_use = sum(piece.days for piece in use.rates)
        for piece in use.rates:
            units[piece.rate] = units.get(piece.rate, Fraction(0)) + _units(use, piece, of_use)
            days[piece.rate] = days.get(piece.rate, 0) + piece.days
    for rate, used in units.items():
        if rate.tiers:
            yield rate, used, Fraction(days[rate], sum(days.values()))


def _by_tier(rate: Rate, units: Fraction, share: Fraction) -> Iterator[Step]:
    bounds = [Decimal(0), *(tier.above for tier in rate.tiers)]
    prices = [rate.unit_price, *(tier.price for tier in rate.tiers)]
    for index, (lower, price) in enumerate(zip(bounds, prices, strict=True)):
        upper = bounds[index + 1] if index + 1 < len(bounds) else None
        top = min(units, Fraction(upper) * share) if upper is not None else units
        within = top - Fraction(lower) * share
        if within <= 0:
            return
        text = f"{plain(lower)} – {plain(upper)}" if upper is not None else f"> {plain(lower)}"
        text += f" × {share.numerator}/{share.denominator}" if share != 1 else ""
        shown = (Decimal(within.numerator) / within.denominator).quantize(_THREE_DECIMALS)
        yield Line(text, shown, price, 0, ZERO), within * Fraction(price)
