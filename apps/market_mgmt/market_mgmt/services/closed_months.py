"""Up to when a market's books are closed, as every posting has to know it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import frappe
from frappe import _
from market_mgmt.domain.closing import booked_on
from market_mgmt.domain.ledger import Posting
from market_mgmt.services.values import as_date


def closed_through(market: str) -> date | None:
    """The last day of the last closed month, None if no month is closed.

    On MariaDB the market's row is locked in share mode: postings do not wait for each other, but a close waits for
    them and they for it. SQLite admits one writer at a time anyway.
    """
    shared = " lock in share mode" if frappe.db.db_type == "mariadb" else ""
    rows = frappe.db.sql(f"select closed_through from `tabMarket` where name = %s{shared}", [market])
    return as_date(rows[0][0]) if rows and rows[0][0] else None


def booked(postings: Sequence[Posting]) -> list[Posting]:
    """The postings as they are booked: what falls into a closed month goes to the first open day, its true day kept."""
    closed = {market: closed_through(market) for market in sorted({posting.market for posting in postings})}
    return [_booked(posting, closed[posting.market]) for posting in postings]


def _booked(posting: Posting, closed: date | None) -> Posting:
    day = booked_on(posting.posting_date, closed)
    if day == posting.posting_date:
        return posting
    return replace(posting, posting_date=day, value_date=posting.value_date or posting.posting_date)


def require_open(market: str, day: date) -> None:
    """Raises ValidationError when the day lies in a closed month. For what people date themselves."""
    closed = closed_through(market)
    if closed and day <= closed:
        frappe.throw(_("The books are closed up to {0}; choose a later day than {1}.").format(closed, day))
