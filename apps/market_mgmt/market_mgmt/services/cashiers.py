"""Cashiers' sessions: what is taken at the counter belongs to one, and at its end the drawer is counted.

A session lasts a working day at most. No more cash leaves a drawer than it holds. Counted and expected are compared by
channel; a difference needs a note, and is booked, so that the ledger's cash is what is there.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.ledger import CASH, OVER_SHORT, Posting
from market_mgmt.domain.periods import Period
from market_mgmt.services import labels, ledger
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_datetime

CHANNELS = ("Cash", "Transfer", "POS")
ZERO = Decimal("0.00")


def open_session(market: str, cashier: str, opening_float: Decimal, now: datetime) -> str:
    """Begin a cashier's session with the change in the drawer; returns its name.

    Raises ValidationError for a negative float, or while the cashier's last session in this market is open.
    """
    if opening_float < 0:
        frappe.throw(_("The opening float must not be negative."))
    lock("Market", [market])
    if _open(market, cashier):
        frappe.throw(_("Your last session is still open; close it first."), frappe.DuplicateEntryError)
    return (
        frappe.get_doc(
            {
                "doctype": "Cashier Session",
                "market": market,
                "cashier": cashier,
                "status": "Open",
                "opening_float": to_db(opening_float),
                "opened_at": now,
            }
        )
        .insert(ignore_permissions=True)
        .name
    )


def session_of(market: str, cashier: str, now: datetime) -> str:
    """The open session of a cashier, its row locked so that it is not closed meanwhile.

    Raises ValidationError when there is none, or it is of an earlier day.
    """
    name = _open(market, cashier)
    row = lock("Cashier Session", [name], ("name", "status", "opened_at")).get(name) if name else None
    if row is None or row.status != "Open":
        frappe.throw(_("Open a cashier session before you take money."))
        raise AssertionError
    if as_datetime(row.opened_at).date() != now.date():
        frappe.throw(_("Your session is of {0}; close it and open a new one.").format(row.opened_at.date()))
    return row.name


def session_for_reversal(order: Document, by: str, now: datetime) -> str:
    """The session that gives the money of a payment back, with its row locked.

    Its own while that is open on its day, else that of who reverses it, so that a day's sessions are the day's cash. But
    cash that a drawer does not hold comes from the one it was put into, while that has not been counted.
    """
    own = order.cashier_session
    row = lock("Cashier Session", [own], ("name", "status", "opened_at")).get(own) if own else None
    is_open = row is not None and row.status == "Open"
    if row is not None and is_open and as_datetime(row.opened_at).date() == now.date():
        return row.name
    theirs = session_of(order.market, by, now)
    if is_open and not _holds(theirs, order.channel, yuan(order.amount)):
        return own
    return theirs


def _holds(session: str, channel: str, amount: Decimal) -> bool:
    """Whether an amount can leave a session: only cash lies in a drawer, for other channels the bank pays."""
    return channel != "Cash" or amount <= expected(session)["Cash"]


def require_cash(session: str, channel: str, amount: Decimal) -> None:
    """Raises ValidationError when more cash would leave a drawer than it holds. Its session is locked."""
    if not _holds(session, channel, amount):
        there = max(expected(session)["Cash"], ZERO)
        said = _(
            "The drawer of {0} holds {1}; {2} in cash cannot leave it. Choose a transfer, or another session."
        )
        frappe.throw(said.format(labels.session(session), there, amount))


def expected(session: str) -> dict[str, Decimal]:
    """What should be there by channel: taken less given back and refunded, the opening float among the cash."""
    totals = dict.fromkeys(CHANNELS, ZERO)
    totals["Cash"] += yuan(frappe.db.get_value("Cashier Session", session, "opening_float"))
    order, refund = frappe.qb.DocType("Market Payment Order"), frappe.qb.DocType("Refund")
    moves = (
        (order, order.cashier_session, 1),
        (order, order.reversed_in, -1),
        (refund, refund.cashier_session, -1),
    )
    for table, column, sign in moves:
        query = frappe.qb.from_(table).select(table.channel, table.amount).where(column == session)
        for channel, amount in query.for_update().run():
            totals[channel] += sign * yuan(amount)
    return totals


def close_session(
    session: str, counted: Mapping[str, Decimal], by: str, now: datetime, note: str | None = None
) -> dict[str, Decimal]:
    """Close a session with what was counted by channel; returns the differences (counted less expected).

    A channel that is not named counts as nothing there. Each difference is booked (长短款). Raises ValidationError for
    an unknown channel, a count of less than nothing, a difference without a note, or a session that is closed.
    """
    unknown = sorted(set(counted) - set(CHANNELS))
    if unknown:
        frappe.throw(_("Payment channel {0} is not available here.").format(unknown[0]))
    document = frappe.get_doc("Cashier Session", session, for_update=True)
    if document.status != "Open":
        frappe.throw(_("Session {0} is closed already.").format(labels.session(session)))
    should = expected(session)
    for channel, amount in counted.items():
        # Where more was refunded by transfer than came by it, the sum of the slips is negative; a drawer never is.
        if amount < (ZERO if channel == "Cash" else min(should[channel], ZERO)):
            frappe.throw(
                _("{0} cannot be counted as {1}: less than nothing is not there.").format(_(channel), amount)
            )
    differences = {channel: counted.get(channel, ZERO) - should[channel] for channel in CHANNELS}
    if any(differences.values()) and not (note or "").strip():
        shown = "、".join(f"{_(channel)} {amount:+}" for channel, amount in differences.items() if amount)
        frappe.throw(_("The count differs ({0}); please note why.").format(shown))
    document.update(
        {
            "status": "Closed",
            "closed_at": now,
            "closed_by": by,
            "note": (note or "").strip() or None,
            "difference": to_db(sum(differences.values(), ZERO)),
            "difference_booked": 1,
            "counts": [
                {
                    "channel": channel,
                    "expected": to_db(should[channel]),
                    "counted": to_db(counted.get(channel, ZERO)),
                    "difference": to_db(differences[channel]),
                }
                for channel in CHANNELS
            ],
        }
    )
    document.save(ignore_permissions=True)
    ledger.post([_over_short(document, row, now.date()) for row in document.counts if row.difference])
    return differences


def _over_short(session: Document, row: Document, on: date) -> Posting:
    """A counted difference: of cash that is there without a payment, or that is missing. `row` tells the channel."""
    amount = yuan(row.difference)
    pair = (CASH, OVER_SHORT) if amount > 0 else (OVER_SHORT, CASH)
    return Posting(
        session.market,
        None,
        on,
        OVER_SHORT,
        *pair,
        abs(amount),
        f"count|{session.name}|{row.channel}",
        voucher_type=row.doctype,
        voucher_no=row.name,
        remark=session.note,
    )


def open_matters(market: str, month: Period) -> list[str]:
    """Hook `before_month_close`: sessions of the month that nobody closed."""
    sessions = frappe.get_all(
        "Cashier Session",
        filters={"market": market, "status": "Open", "opened_at": ["<", f"{month.end} 23:59:59.999999"]},
        pluck="name",
    )
    return [_("Session {0} is still open.").format(labels.session(name)) for name in sessions]


def _open(market: str, cashier: str) -> str | None:
    return frappe.db.get_value("Cashier Session", {"open_key": f"{market}|{cashier}"}, for_update=True)
