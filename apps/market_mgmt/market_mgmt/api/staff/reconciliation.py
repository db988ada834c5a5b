"""The finance office's methods about WeChat's bills: a day looked at again, a difference explained."""

from datetime import date

import frappe
from cn_connect import clock
from cn_connect.api_method import api_method
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.api.staff.common import ADMINISTRATOR, FINANCE, SUPERVISOR, own
from market_mgmt.services import payees, quarantine, reconciliation


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def reconcile_day(market: str, day: date) -> answers.ReconciledDay:
    """Fetches WeChat's bills of a day and compares them with our books; repeating it looks again."""
    permissions.require_market(market)
    paid = payees.of_market(market)
    payee = next(one for one in reconciliation.payees() if (one.mchid, one.sub_mchid) == paid)
    done = reconciliation.reconcile(payee, day, clock.now())
    left = frappe.db.count(reconciliation.DIFFERENCE, {"reconciliation": done.name, "status": "Open"})
    return {"name": done.name, "status": done.status, "open_differences": left}


@api_method(methods=["POST"], roles=[FINANCE, SUPERVISOR, ADMINISTRATOR])
def resolve_quarantine(payment_order: str, reason: str) -> answers.NamedStatus:
    """Ends the review of a quarantined payment by what WeChat says now: settled if it fits, closed if no money is there."""
    own("Market Payment Order", [payment_order])
    status = quarantine.resolve(payment_order, reason, frappe.session.user, clock.now())
    return {"name": payment_order, "status": status}


@api_method(methods=["POST"], roles=[FINANCE, SUPERVISOR, ADMINISTRATOR])
def resolve_difference(name: str, resolution: str) -> answers.NamedStatus:
    """Closes a difference with what was found out; the status is that of its day."""
    own(reconciliation.DIFFERENCE, [name])
    status = reconciliation.resolve(name, resolution, frappe.session.user, clock.now())
    return {"name": name, "status": status}
