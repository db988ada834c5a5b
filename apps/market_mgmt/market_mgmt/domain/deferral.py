"""Rent of several months: deferred when it is billed, and income month by month (accrual, domain.md "Money" 3).

Each month's share is what the bill's lines say about that month. The first is income on the bill date, as that of a
monthly bill is; each of the others on the last day of its month. What is over already when the bill is published is
income at once, and nothing before its month has begun.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.ledger import RECOGNITION, Entry
from market_mgmt.domain.periods import month_of


class Share(NamedTuple):
    """What a bill brings in for a month (YYYY-MM), in yuan, and the day on which it is income."""

    month: str
    amount: Decimal
    day: date


def shares(lines: Iterable[tuple[str, Decimal]], bill_date: date) -> list[Share]:
    """The shares of a bill from the months and amounts of its lines, in order; none of a month without an amount."""
    amounts: dict[str, Decimal] = {}
    for month, amount in lines:
        amounts[month] = amounts.get(month, ZERO) + amount
    months = sorted(month for month, amount in amounts.items() if amount > 0)
    return [Share(month, amounts[month], _day(month, month == months[0], bill_date)) for month in months]


def _day(month: str, first: bool, bill_date: date) -> date:
    days = month_of(month)
    return max(bill_date, days.start if first else days.end)


def is_deferred(found: Sequence[Share]) -> bool:
    """Whether a bill with these shares is deferred: it is one of several months."""
    return len(found) > 1


def recognised(entries: Iterable[Entry]) -> int:
    """How many shares of a bill are in the books: one entry each, in their order."""
    return sum(entry.entry_type == RECOGNITION for entry in entries)


def due(found: Sequence[Share], recognised: int, through: date) -> Iterator[Share]:
    """The shares that are income by the end of a day and not in the books yet, of which the first ones are."""
    for share in found[recognised:]:
        if share.day > through:
            return
        yield share
