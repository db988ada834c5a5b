"""Closed months: when a month may be closed, and where what becomes known afterwards is booked.

Money rule 2 (domain.md): a closed period never changes. A payment of a closed month that becomes known late is booked
on the first open day, and keeps the true day as its value date, so that late fees are right.
"""

from datetime import date, timedelta

from market_mgmt.domain.periods import Period, month_containing

# The bill files of a day come the next morning, and people look at them: the month stays open that long.
SETTLING_DAYS = 3


def closable_from(month: Period) -> date:
    """The first day on which a month may be closed."""
    return month.end + timedelta(days=SETTLING_DAYS)


def next_to_close(closed_through: date | None, first_entry: date | None) -> Period | None:
    """The month to be closed next: after the last closed one, else that of the first entry; None without entries."""
    if closed_through:
        return month_containing(closed_through + timedelta(days=1))
    return month_containing(first_entry) if first_entry else None


def booked_on(day: date, closed_through: date | None) -> date:
    """The day in the books: the day itself, or the first open one if its month is closed."""
    return day if closed_through is None or day > closed_through else closed_through + timedelta(days=1)
