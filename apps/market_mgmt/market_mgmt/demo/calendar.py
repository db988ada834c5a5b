"""The days of the demonstration month: bills of October 2026 and what follows from them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

PERIOD = "2026-10"
HISTORY = ("2025-11", "2025-12", *(f"2026-{month:02d}" for month in range(1, 10)))
GO_LIVE = date(2026, 10, 31)
BILL_DATE = date(2026, 11, 1)
DUE_DATE = date(2026, 11, 8)
DUNNING_DAYS = tuple(DUE_DATE + timedelta(days=days) for days in (-3, 0, 1, 3))
RED_CARD_DAY = DUE_DATE + timedelta(days=7)
PAYING_DAY = RED_CARD_DAY + timedelta(days=1)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of a day, within office hours unless told otherwise."""
    return datetime.combine(day, time(hour, minute))
