"""Which reminder is due, by which channel, and when it may disturb (sources: domain.md "Dunning", plan of 金江 §催缴).

The level follows from the ledger alone: how long the oldest day of a group of fees is overdue. What was sent before only
prevents a second sending. Levels missed while the system was down are not made up for: only the highest one due is sent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

WECHAT = "WeChat"
IN_APP = "In-App"
SMS = "SMS"
VOICE = "Voice"

BEFORE_DUE = "Before Due"
DUE = "Due"
OVERDUE_1 = "Overdue 1"
OVERDUE_3 = "Overdue 3"
RED_CARD = "Red Card"
LATE_FEE = "Late Fee"

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)


@dataclass(frozen=True)
class Level:
    """A step of the dunning ladder: from which day overdue, by which channels, and whether it may be switched off."""

    name: str
    days: int
    channels: tuple[str, ...]
    urgent: bool = True


LADDER = (
    Level(BEFORE_DUE, -3, (WECHAT,), urgent=False),
    Level(DUE, 0, (WECHAT,), urgent=False),
    Level(OVERDUE_1, 1, (WECHAT,)),
    Level(OVERDUE_3, 3, (SMS, VOICE)),
    # The card itself is drafted and reviewed (domain.red_card); this level has nothing to send by itself.
    Level(RED_CARD, 7, ()),
)
# Beside the ladder: sent once, when late fees start to run.
LATE_FEE_NOTICE = Level(LATE_FEE, 1, (WECHAT,))
# What tells the merchant that a card was published.
RED_CARD_NOTICE = Level(RED_CARD, 7, (WECHAT,))

RED_CARD_DAYS = 7


def days_overdue(due_date: date, as_of: date) -> int:
    """Days past the due date; negative before it, 0 on it."""
    return (as_of - due_date).days


def level_due(days: int, sent: Collection[str] = ()) -> Level | None:
    """The level to act on at `days` overdue, given the names of those already sent for this group of fees.

    Only the highest level reached counts. None before the first level, or when that level or a higher one was sent.
    """
    reached = [level for level in LADDER if level.days <= days]
    if not reached:
        return None
    highest = reached[-1]
    sent_days = [level.days for level in LADDER if level.name in sent]
    if sent_days and max(sent_days) >= highest.days:
        return None
    return highest


def late_fee_notice_due(late_fee_from: date | None, as_of: date, sent: Collection[str] = ()) -> Level | None:
    """The late-fee notice once late fees run on a group; None when they don't, not yet, or it was sent."""
    if late_fee_from is None or as_of < late_fee_from or LATE_FEE in sent:
        return None
    return LATE_FEE_NOTICE


def quiet(now: datetime) -> bool:
    """Whether nobody may be disturbed: from 21:00 until 08:00."""
    return now.time() >= QUIET_FROM or now.time() < QUIET_UNTIL


def allowed_from(now: datetime) -> datetime:
    """`now`, or the end of the quiet hours that `now` lies in: messages are held, never dropped."""
    if not quiet(now):
        return now
    day = now.date() if now.time() < QUIET_UNTIL else now.date() + timedelta(days=1)
    return datetime.combine(day, QUIET_UNTIL)


def blocked(is_blocked: bool, until: date | None, as_of: date) -> bool:
    """Whether a dunning block stands on that day; its last day belongs to it, no date means until it is lifted."""
    return is_blocked and (until is None or as_of <= until)
