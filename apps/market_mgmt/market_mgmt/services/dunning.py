"""Dunning runs: which notices a market's arrears call for, by which channel, and what became of them.

What is due follows from the ledger (`arrears`), what was sent from the Dunning Notices. A notice is a row of its own per
recipient, channel and level, written in the transaction that queues the message; `cn_connect.outbox` delivers it and
reports back through `outbox_state_changed`. The key of a row is unique, so no two runs can send the same thing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import frappe
from frappe.model.document import Document
from market_mgmt.domain import dunning as rules
from market_mgmt.domain.dunning import Level
from market_mgmt.services import arrears, notices, red_cards
from market_mgmt.services.arrears import FeeGroup
from market_mgmt.services.rows import chunks
from market_mgmt.services.values import as_date

PAYMENT_UNDER_WAY = "payment_under_way"
BLOCKED = "blocked"
SWITCHED_OFF = "switched_off"


@dataclass
class DunningRun:
    """What a run did: notices by level and channel, groups it left alone by reason, red cards drafted."""

    market: str
    as_of: date
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    red_cards: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(sum(channels.values()) for channels in self.counts.values())

    def count(self, level: str, channels: Iterable[str]) -> None:
        for channel in channels:
            by_channel = self.counts.setdefault(level, {})
            by_channel[channel] = by_channel.get(channel, 0) + 1


@dataclass(frozen=True)
class _Preferences:
    """What a merchant's record says about notices on the day of the run."""

    blocked: bool
    non_urgent: bool


def run(market: str, now: datetime) -> DunningRun:
    """Sends what is due in a market and drafts red cards. Running it again sends nothing.

    Left alone are merchants under a dunning block, groups with a payment under way, and reminders that a merchant has
    switched off. In quiet hours messages are queued for their end.
    """
    as_of = now.date()
    # One run per market at a time.
    frappe.db.get_value("Market", market, "name", for_update=True)
    result, skipped = DunningRun(market, as_of), Counter[str]()
    groups = [
        group
        for group in arrears.of_market(market, as_of)
        if rules.level_due(group.days_overdue(as_of)) is not None
    ]
    preferences, paying = _preferences(market, as_of), _fees_being_paid(market, now)
    sent = _sent_levels({group.lease for group in groups})
    for group in groups:
        due = _levels(group, as_of, sent.get(group.key, set()))
        wanted = preferences[group.merchant]
        if not due:
            continue
        if wanted.blocked:
            skipped[BLOCKED] += 1
        elif paying.intersection(group.fees):
            skipped[PAYMENT_UNDER_WAY] += 1
        else:
            for level in due:
                if level.urgent or wanted.non_urgent:
                    result.count(level.name, notices.send(group, level, now))
                else:
                    skipped[SWITCHED_OFF] += 1
    result.skipped = dict(skipped)
    result.red_cards = red_cards.draft_due(market, now)
    return result


def notify_red_card(card: Document, open_arrears: list[FeeGroup], now: datetime) -> None:
    """Tells a merchant that a red card was published, once per card."""
    oldest = open_arrears[0]
    whole = FeeGroup(
        market=oldest.market,
        merchant=oldest.merchant,
        lease=oldest.lease,
        stall=oldest.stall,
        due_date=as_date(card.overdue_since),
        amount=sum((group.amount for group in open_arrears), start=oldest.amount * 0),
        fees=tuple(name for group in open_arrears for name in group.fees),
    )
    notices.send(whole, rules.RED_CARD_NOTICE, now, suffix=card.name)


def after_payment(lease: str, now: datetime) -> list[str]:
    """What a payment ends, in its own transaction: messages that still wait, and red cards, whose names are returned."""
    notices.withdraw_settled(lease, now)
    return red_cards.lift_if_settled(lease, now)


def outbox_state_changed(message: Document) -> None:
    """Hook of cn_connect: a message was sent, delivered or given up."""
    notices.follow(message)


def _levels(group: FeeGroup, as_of: date, sent: set[str]) -> list[Level]:
    """What is to be sent for a group: the step of the ladder, and the late-fee notice beside it."""
    step = rules.level_due(group.days_overdue(as_of), sent)
    late_fee = rules.late_fee_notice_due(group.late_fee_from, as_of, sent)
    return [level for level in (step if step and step.channels else None, late_fee) if level]


def _preferences(market: str, as_of: date) -> dict[str, _Preferences]:
    rows = frappe.get_all(
        "Merchant",
        filters={"market": market},
        fields=["name", "dunning_blocked", "dunning_block_until", "non_urgent_notices"],
    )
    return {
        row.name: _Preferences(
            blocked=rules.blocked(
                bool(row.dunning_blocked),
                as_date(row.dunning_block_until) if row.dunning_block_until else None,
                as_of,
            ),
            non_urgent=bool(row.non_urgent_notices),
        )
        for row in rows
    }


def _fees_being_paid(market: str, now: datetime) -> set[str]:
    """Fees of payment orders that may still succeed."""
    order, line = frappe.qb.DocType("Market Payment Order"), frappe.qb.DocType("Payment Order Fee")
    rows = (
        frappe.qb.from_(line)
        .join(order)
        .on(order.name == line.parent)
        .select(line.fee)
        .where(order.market == market)
        .where(order.status.isin(["Created", "Pending"]))
        .where(order.expires_at > now)
        .run()
    )
    return {fee for (fee,) in rows}


def _sent_levels(leases: Iterable[str]) -> dict[str, set[str]]:
    """The levels for which each group (lease and due date) has a notice, whatever became of it."""
    notice = frappe.qb.DocType("Dunning Notice")
    sent: dict[str, set[str]] = {}
    for piece in chunks(leases):
        rows = (
            frappe.qb.from_(notice)
            .select(notice.lease, notice.due_date, notice.level)
            .where(notice.lease.isin(piece))
            .for_update()
            .run()
        )
        for lease, due_date, level in rows:
            sent.setdefault(f"{lease}|{due_date}", set()).add(level)
    return sent
