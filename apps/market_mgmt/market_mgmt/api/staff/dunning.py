"""Dunning methods for the office."""

from datetime import date, datetime

import frappe
from cn_connect import clock
from cn_connect.api_method import api_method
from frappe import _
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.services import dunning, red_cards


@api_method(methods=["POST"], roles=["Market Finance", "Market Supervisor", "Market Administrator"])
def run_dunning(market: str, as_of: date | None = None) -> answers.DunningRun:
    """Sends what is due in a market and drafts red cards; the scheduler does the same every hour."""
    permissions.require_market(market)
    run = dunning.run(market, _moment(as_of))
    return {
        "as_of": run.as_of,
        "sent": run.counts,
        "total": run.total,
        "skipped": run.skipped,
        "red_cards": run.red_cards,
    }


@api_method(methods=["POST"], roles=["Market Supervisor"])
def review_red_card(name: str, approve: bool, reason: str | None = None) -> answers.ReviewedCard:
    """Publishes a drafted red card, or rejects it with a reason."""
    frappe.get_doc("Red Card", name).check_permission("read")
    card = red_cards.review(name, approve, reason, frappe.session.user, clock.now())
    return {"name": card.name, "status": card.status, "reject_reason": card.reject_reason}


def _moment(as_of: date | None) -> datetime:
    """This time of day on `as_of`. The future is for test sites only: it would send notices that are not due."""
    now = clock.now()
    if as_of is None or as_of == now.date():
        return now
    if as_of > now.date() and not frappe.conf.get("allow_tests"):
        frappe.throw(_("The day {0} lies in the future.").format(as_of))
    return datetime.combine(as_of, now.time())
