"""Late fee (违约金): what an overdue bill owes on a day, as a pure function of its terms and its payments.

Money rule 5 (domain.md). Day D accrues when D ≥ late_fee_from and principal was unpaid at 00:00 of D, so the day of
payment still counts. It is simple: rate × unpaid principal, never late fee on late fee. The lifetime sum is
rounded once, and a cap (a share of the original principal) ends it.

A waiver of principal reduces it like a payment on its day. A waiver of late fee is no business of this module:
it lowers the balance of the account, while `owed` stays the lifetime sum from which postings are derived.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from market_mgmt.domain.amounts import ZERO, round_cents, spread
from market_mgmt.domain.periods import days_inclusive

DEFAULT_START_AFTER_DAYS = 7
DEFAULT_CAP_SHARE = Decimal("0.20")
MIN_DAILY_RATE = Decimal("0.0005")
MAX_DAILY_RATE = Decimal("0.005")


@dataclass(frozen=True)
class Terms:
    """What was copied onto the bill when it was published; never raised afterwards."""

    late_fee_from: date
    daily_rate: Decimal
    cap_share: Decimal


@dataclass(frozen=True)
class Span:
    """Consecutive days that accrue on the same unpaid principal."""

    start: date
    end: date
    unpaid: Decimal
    daily_rate: Decimal

    @property
    def days(self) -> int:
        return days_inclusive(self.start, self.end)

    @property
    def exact(self) -> Fraction:
        return self.days * Fraction(self.unpaid) * Fraction(self.daily_rate)

    def __str__(self) -> str:
        return f"{self.start} – {self.end}: {self.unpaid} × {self.daily_rate} × {self.days}"


@dataclass(frozen=True)
class Derivation:
    """How the late fee came about: the spans that accrued, the cap, and the amount in yuan."""

    spans: tuple[Span, ...]
    limit: Fraction
    capped: bool
    amount: Decimal

    @property
    def cap(self) -> Decimal:
        """What late fees never exceed, in yuan."""
        return round_cents(self.limit)

    def steps(self) -> list[tuple[Span, Decimal]]:
        """Each span with what it adds in yuan, up to the cap; together they are the amount."""
        grown, parts = Fraction(0), []
        for span in self.spans:
            before, grown = grown, min(grown + span.exact, self.limit)
            parts.append(grown - before)
        return list(zip(self.spans, spread(parts), strict=True))

    def lines(self) -> list[str]:
        """Readable steps, one per span, and the cap when it ended the accrual."""
        steps = [f"{span} = {amount}" for span, amount in self.steps()]
        return [*steps, f"≤ {self.cap}"] if self.capped else steps


def owed(
    terms: Terms, principal: Decimal, reductions: Iterable[tuple[date, Decimal]], as_of: date
) -> Decimal:
    """Late fee of a bill's whole life up to and including `as_of`, in yuan.

    `reductions` are (day, amount) of principal paid or waived; a payment taken back is a negative one.
    """
    return derive(terms, principal, reductions, as_of).amount


def derive(
    terms: Terms, principal: Decimal, reductions: Iterable[tuple[date, Decimal]], as_of: date
) -> Derivation:
    """The same as `owed`, with its derivation."""
    spans = tuple(_spans(terms, principal, reductions, as_of))
    lifetime = sum((span.exact for span in spans), Fraction(0))
    cap = Fraction(terms.cap_share) * Fraction(principal)
    return Derivation(spans, cap, lifetime > cap, round_cents(min(cap, lifetime)))


def _spans(
    terms: Terms, principal: Decimal, reductions: Iterable[tuple[date, Decimal]], as_of: date
) -> Iterable[Span]:
    """Cut the days from late_fee_from to as_of wherever the principal unpaid at 00:00 changes."""
    unpaid = principal
    start = terms.late_fee_from
    for day, amount in sorted(reductions):
        if day >= as_of:
            break
        # Paid on `day` is seen at 00:00 of the next day: `day` itself still accrues on the old balance.
        if day >= start:
            if unpaid > ZERO:
                yield Span(start, day, unpaid, terms.daily_rate)
            start = day + timedelta(days=1)
        unpaid -= amount
    if unpaid > ZERO and start <= as_of:
        yield Span(start, as_of, unpaid, terms.daily_rate)


def check_rule(daily_rate: Decimal, cap_share: Decimal, start_after_days: int) -> None:
    """Raise ValueError unless a rule lies within what the ordinance and the lease allow."""
    if not MIN_DAILY_RATE <= daily_rate <= MAX_DAILY_RATE:
        raise ValueError(f"daily rate must lie between {MIN_DAILY_RATE} and {MAX_DAILY_RATE}")
    if not 0 < cap_share <= 1:
        raise ValueError("cap share must lie above 0 and not above 1")
    if start_after_days < 0:
        raise ValueError("days until due must not be negative")
