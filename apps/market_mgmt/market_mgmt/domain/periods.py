"""Billing periods: calendar months and runs of them, counted in whole days with both ends inclusive."""

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

_MONTH_KEY = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

CYCLE_MONTHS = {"Monthly": 1, "Quarterly": 3, "Yearly": 12}


class _Days(NamedTuple):
    start: date
    end: date


class Period(_Days):
    """A run of days; the first and the last day belong to it."""

    __slots__ = ()

    def __new__(cls, start: date, end: date) -> "Period":
        if end < start:
            raise ValueError(f"period ends before it starts: {start} – {end}")
        return super().__new__(cls, start, end)

    @property
    def days(self) -> int:
        return days_inclusive(self.start, self.end)

    def overlap(self, start: date, end: date) -> "Period | None":
        """The days of this period from `start` to `end`; None when there are none."""
        if start <= self.start and end >= self.end:
            return self
        first, last = max(self.start, start), min(self.end, end)
        return Period(first, last) if first <= last else None

    def months(self) -> "tuple[Period, ...]":
        """The whole calendar months this period touches, in order."""
        return _months(self)


@lru_cache(maxsize=256)  # thousands of bills are of the same few periods
def _months(period: Period) -> tuple[Period, ...]:
    result = [month_containing(period.start)]
    while result[-1].end < period.end:
        result.append(month_containing(result[-1].end + timedelta(days=1)))
    return tuple(result)


def days_inclusive(start: date, end: date) -> int:
    """Days from `start` to `end`, both counted; 0 when `end` lies before `start`."""
    return max((end - start).days + 1, 0)


def month_containing(day: date) -> Period:
    """The calendar month of a day."""
    return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def month_of(key: str) -> Period:
    """The calendar month written as YYYY-MM, of 1950 to 2199. Raises ValueError for anything else."""
    match = _MONTH_KEY.fullmatch(key or "")
    if not match or not 1950 <= int(match[1]) <= 2199:
        raise ValueError(f"not a month (YYYY-MM): {key!r}")
    return month_containing(date(int(match[1]), int(match[2]), 1))


def month_key(day: date) -> str:
    """The month of a day as YYYY-MM."""
    return f"{day:%Y-%m}"


def months_between(earlier: date, later: date) -> int:
    """Calendar months from the month of `earlier` to the month of `later`; negative when it lies before."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def months_back(day: date, count: int) -> date:
    """The first day of the month that lies `count` calendar months before that of `day`."""
    month = day.year * 12 + day.month - 1 - count
    return date(month // 12, month % 12 + 1, 1)


def billed_in(month: Period, lease_start: date, cycle: str) -> Period | None:
    """What a lease of this cycle is billed for in `month`: the cycle that begins with it, else None.

    Cycles are counted in calendar months from the month in which the lease starts.
    """
    length = CYCLE_MONTHS[cycle]
    offset = months_between(lease_start, month.start)
    if offset < 0 or offset % length:
        return None
    last = month
    for _ in range(length - 1):
        last = month_containing(last.end + timedelta(days=1))
    return month if last is month else Period(month.start, last.end)
