"""When a lease holds a stall, and how its status may move (source: domain.md "Market")."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

DRAFT = "Draft"
ACTIVE = "Active"
ENDED = "Ended"
TERMINATED = "Terminated"

TRANSITIONS = {DRAFT: (ACTIVE,), ACTIVE: (ENDED, TERMINATED), ENDED: (), TERMINATED: ()}


@dataclass(frozen=True)
class Term:
    """The days a lease holds its stall, both ends inclusive."""

    lease: str
    start: date
    end: date

    def covers(self, day: date) -> bool:
        return self.start <= day <= self.end


def may_become(current: str, wanted: str) -> bool:
    """Whether a lease of one status may take the other (or keep its own)."""
    return current == wanted or wanted in TRANSITIONS[current]


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


def rental_status(current: str, terms: Iterable[Term], as_of: date) -> str:
    """What the stall's status is on that day; a closed or reserved stall stays so while nobody holds it."""
    if any(term.covers(as_of) for term in terms):
        return "Occupied"
    return current if current in ("Closed", "Reserved") else "Vacant"
