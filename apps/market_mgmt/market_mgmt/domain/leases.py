"""When a lease holds a stall, and how its status may move (source: domain.md "Market").

A lease that is withdrawn before it began is Ended too, but held its stall on no day: it is never a `Term`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

DRAFT = "Draft"
ACTIVE = "Active"
ENDED = "Ended"
TERMINATED = "Terminated"

TRANSITIONS = {DRAFT: (ACTIVE,), ACTIVE: (ENDED, TERMINATED), ENDED: (), TERMINATED: ()}
OVER = (ENDED, TERMINATED)

# Days outside are typing mistakes, or "9999-12-31" for a lease without an end: no day can follow that one.
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Term:
    """The days a lease holds its stall, both ends inclusive."""

    lease: str
    start: date
    end: date

    def covers(self, day: date) -> bool:
        return self.start <= day <= self.end


def is_plausible(day: date) -> bool:
    """Whether a lease can begin or end on that day."""
    return FIRST_DAY <= day <= LAST_DAY


def may_become(current: str, wanted: str) -> bool:
    """Whether a lease of one status may take the other (or keep its own)."""
    return current == wanted or wanted in TRANSITIONS[current]


def day_after(end: date) -> date | None:
    """The day on which a renewal begins; None after the last day on which a lease can end."""
    return end + timedelta(days=1) if end < LAST_DAY else None


def clash(term: Term, others: Iterable[Term]) -> Term | None:
    """The first other term that shares a day with `term`, or None."""
    return next(
        (
            other
            for other in sorted(others, key=lambda each: (each.start, each.lease))
            if other.lease != term.lease and other.start <= term.end and term.start <= other.end
        ),
        None,
    )


def held_between(ended: Term, begins: date, others: Iterable[Term]) -> Term | None:
    """The first term of those that begins after `ended` and before a renewal does: then it is no renewal. None if none."""
    return next(
        (
            other
            for other in sorted(others, key=lambda each: (each.start, each.lease))
            if other.lease != ended.lease and ended.end < other.start < begins
        ),
        None,
    )


def rental_status(current: str, terms: Iterable[Term], as_of: date) -> str:
    """What the stall's status is on that day; a closed or reserved stall stays so while nobody holds it."""
    if any(term.covers(as_of) for term in terms):
        return "Occupied"
    return current if current in ("Closed", "Reserved") else "Vacant"
