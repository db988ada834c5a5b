"""How the amount of a bill comes about: rent by days, fixed monthly charges, metered consumption.

Money rule 3 (domain.md): rent is a monthly amount; calendar months, actual days, both ends inclusive; rent-free
days come first; a change in mid-month splits by days; rounded once per Fee.
Money rule 6: consumption = Σ over segments of (current − previous) × multiplier, modulus 10^digits on roll-over. A metered
price is the one valid on the days used: from the day after the reading before, to the day of the reading.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import NamedTuple

from market_mgmt.domain.amounts import ZERO, Exact, round_cents, spread, times
from market_mgmt.domain.periods import Period, days_inclusive, month_key

HISTORY_PERIODS = 3
SPIKE_FACTOR = 3
_THREE_DECIMALS = Decimal("0.001")


class Line(NamedTuple):
    """One readable step of a bill. Amounts of a bill's lines add up to the bill."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    days: int
    amount: Decimal
    # The calendar month that is paid for (YYYY-MM), where a line is of one.
    month: str | None = None


class Bill(NamedTuple):
    amount: Decimal
    lines: tuple[Line, ...]


NOTHING = Bill(ZERO, ())


class MonthlyPrice(NamedTuple):
    """A price per calendar month that holds from `start` to `end`."""

    start: date
    end: date
    monthly: Decimal


class Segment(NamedTuple):
    """Two readings of one meter between which it was neither swapped nor reset."""

    meter: str
    previous: Decimal
    current: Decimal
    multiplier: Decimal
    consumption: Decimal


def rent_for(
    period: Period,
    lease_start: date,
    lease_end: date,
    monthly_rent: Decimal,
    rent_free_days: int = 0,
    changes: Sequence[tuple[date, Decimal]] = (),
) -> Bill:
    """Rent of a lease for a period of one or more calendar months; rent-free days are the first of the lease.

    `changes` are (first day, monthly rent from then on).
    """
    first_paid = lease_start + timedelta(days=rent_free_days) if rent_free_days else lease_start
    if not changes:
        return monthly_charge(period, (MonthlyPrice(first_paid, lease_end, monthly_rent),))
    steps = [(lease_start, monthly_rent), *sorted(changes)]
    ends = [start - timedelta(days=1) for start, _rent in steps[1:]] + [lease_end]
    prices = [
        MonthlyPrice(max(start, first_paid), min(end, lease_end), rent)
        for (start, rent), end in zip(steps, ends, strict=True)
    ]
    return monthly_charge(period, prices)


def monthly_charge(period: Period, prices: Sequence[MonthlyPrice]) -> Bill:
    """Charge by the month: each price counts for its days of each calendar month, over that month's length."""
    steps: list[tuple[Period, Period, Decimal]] = []
    for month in period.months():
        for price in prices:
            days = month.overlap(max(price.start, period.start), min(price.end, period.end))
            if days:
                steps.append((month, days, price.monthly))
    if len(steps) == 1:  # as nearly all are
        amount = round_cents(_share_of_month(*steps[0]))
        return Bill(amount, (_charge_line(*steps[0], amount),))
    amounts = spread([_share_of_month(*step) for step in steps])
    lines = tuple([_charge_line(*step, amount) for step, amount in zip(steps, amounts, strict=True)])
    return Bill(sum(amounts, ZERO), lines)


def _charge_line(month: Period, days: Period, monthly: Decimal, amount: Decimal) -> Line:
    key, text, share, count = _part_of_month(month, days)
    return Line(text, share, monthly, count, amount, key)


@lru_cache(maxsize=256)  # thousands of bills are of the same few periods
def _part_of_month(month: Period, days: Period) -> tuple[str, str, Decimal, int]:
    """The month's key; the days as text, as a share of their month, and how many they are."""
    text = f"{days.start} – {days.end} ({days.days}/{month.days})"
    share = (Decimal(days.days) / month.days).quantize(_THREE_DECIMALS)
    return month_key(month.start), text, share, days.days


def _share_of_month(month: Period, days: Period, monthly: Decimal) -> Exact:
    if days == month:
        return monthly
    return Fraction(monthly) * Fraction(days.days, month.days)


def metered(segments: Sequence[Segment], unit_price: Decimal) -> Bill:
    """Consumption × unit price over all segments, rounded once. Raises ValueError when the total is negative."""
    if len(segments) == 1:  # as nearly all are
        (only,) = segments
        _refuse_negative(only.consumption)
        amount = round_cents(times(only.consumption, unit_price))
        return Bill(amount, (Line(reading_text(only), only.consumption, unit_price, 0, amount),))
    _refuse_negative(sum((segment.consumption for segment in segments), Decimal(0)))
    amounts = spread([times(segment.consumption, unit_price) for segment in segments])
    lines = tuple(
        [
            Line(reading_text(segment), segment.consumption, unit_price, 0, amount)
            for segment, amount in zip(segments, amounts, strict=True)
        ]
    )
    return Bill(sum(amounts, ZERO), lines)


def _refuse_negative(total: Decimal) -> None:
    if total < 0:
        raise ValueError(f"negative consumption: {total}")


class Use(NamedTuple):
    """A segment and the prices of the days on which it was used."""

    segment: Segment
    prices: Sequence["DayPrice"]


class DayPrice(NamedTuple):
    """A price of a unit that holds from `start` to `end`."""

    start: date
    end: date
    price: Decimal

    @property
    def days(self) -> int:
        return days_inclusive(self.start, self.end)


def metered_by_days(uses: Sequence[Use]) -> Bill:
    """Each segment at the price of its days: where that changes within it, consumption is divided by days.

    Rounded once. Raises ValueError when the total is negative.
    """
    _refuse_negative(sum((use.segment.consumption for use in uses), Decimal(0)))
    steps = [step for use in uses for step in _steps(use)]
    amounts = spread([amount for _line, amount in steps])
    lines = [line._replace(amount=amount) for (line, _exact), amount in zip(steps, amounts, strict=True)]
    return Bill(sum(amounts, ZERO), tuple(lines))


def _steps(use: Use) -> Iterator[tuple[Line, Exact]]:
    segment, text = use.segment, reading_text(use.segment)
    if len(use.prices) == 1:
        only = use.prices[0].price
        yield Line(text, segment.consumption, only, 0, ZERO), times(segment.consumption, only)
        return
    days = sum(price.days for price in use.prices)
    for price in use.prices:
        part = Fraction(segment.consumption) * Fraction(price.days, days)
        shown = (segment.consumption * price.days / days).quantize(_THREE_DECIMALS)
        span = f"{text}, {price.start} – {price.end} ({price.days}/{days})"
        yield Line(span, shown, price.price, price.days, ZERO), part * Fraction(price.price)


def reading_text(segment: Segment) -> str:
    previous, current = plain(segment.previous), plain(segment.current)
    return f"{segment.meter}: {previous} → {current} × {plain(segment.multiplier)}"


def consumption(
    previous: Decimal, current: Decimal, digits: int, multiplier: Decimal
) -> tuple[Decimal, bool]:
    """Units used between two readings, and whether the dial rolled over past 10^digits.

    Raises ValueError for a reading that the dial cannot show.
    """
    modulus = _modulus(digits)
    if not (0 <= previous < modulus and 0 <= current < modulus):
        shown = current if 0 <= previous < modulus else previous
        raise ValueError(f"a meter of {digits} digits cannot show {plain(shown)}")
    if current < previous:
        return (current - previous + modulus) * multiplier, True
    return (current - previous) * multiplier, False


@cache
def _modulus(digits: int) -> Decimal:
    return Decimal(10) ** digits


def reading_status(units: Decimal, history: Sequence[Decimal], rolled_over: bool) -> tuple[str, str]:
    """("Normal", "") or ("Held", why): what a clerk must confirm before it is billed.

    `history` holds the consumption of earlier periods, the latest last; a spike is judged against the last three.
    """
    recent = list(history)[-HISTORY_PERIODS:]
    if units < 0:
        return "Held", "negative consumption"
    if units == 0:
        return "Held", "zero consumption"
    if rolled_over and len(recent) < HISTORY_PERIODS:
        return "Held", "roll-over with fewer than three periods of history"
    if len(recent) == HISTORY_PERIODS and units * HISTORY_PERIODS > SPIKE_FACTOR * sum(recent):
        return "Held", "more than three times the average of the last three periods"
    return "Normal", ""


def plain(value: Decimal) -> str:
    """A number without exponent and trailing zeros: 120.500 as 120.5."""
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
