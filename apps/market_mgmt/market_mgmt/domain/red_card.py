"""The life of a red card: Drafted → Published → Lifted, or Rejected (source: domain.md "Dunning").

Settling lifts a published card. A card that was still a draft then never went public: it is rejected, not lifted.
"""

from datetime import date, datetime, timedelta

from market_mgmt.domain.dunning import RED_CARD_DAYS

DRAFTED = "Drafted"
PUBLISHED = "Published"
LIFTED = "Lifted"
REJECTED = "Rejected"

OPEN = (DRAFTED, PUBLISHED)
TRANSITIONS = {DRAFTED: (PUBLISHED, REJECTED), PUBLISHED: (LIFTED,), LIFTED: (), REJECTED: ()}


class NotAllowed(ValueError):
    """A step that the life of a red card does not have."""


def step(current: str, wanted: str) -> str:
    """The wanted state. Raises NotAllowed when it cannot follow the current one."""
    if wanted not in TRANSITIONS.get(current, ()):
        raise NotAllowed(f"{current} → {wanted}")
    return wanted


def on_settlement(current: str) -> str:
    """What a card becomes when the arrears behind it are settled. Raises NotAllowed for a closed card."""
    return step(current, LIFTED if current == PUBLISHED else REJECTED)


def oldest_new_arrears(due_dates: list[date], as_of: date, decided_on: date | None) -> date | None:
    """The oldest due date that calls for a card on that day, or None when there is nothing to draft.

    `decided_on` is the day the last rejected card was drafted: its review covered every fee that was seven days
    overdue by then, so only a fee that reached the seventh day later calls for another card.
    """
    ripe = sorted(due for due in due_dates if due <= as_of - timedelta(days=RED_CARD_DAYS))
    if not ripe:
        return None
    if decided_on and ripe[-1] <= decided_on - timedelta(days=RED_CARD_DAYS):
        return None
    return ripe[0]


def lift_seconds(settled_at: datetime, lifted_at: datetime) -> float:
    """Seconds between the settlement and the lifting; promised are 60, the contract allows 300."""
    return (lifted_at - settled_at).total_seconds()
