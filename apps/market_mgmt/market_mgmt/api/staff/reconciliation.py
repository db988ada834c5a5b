"""The finance office's methods about WeChat's bills: a day looked at again, a difference explained."""

from datetime import date

import frappe
from cn_connect import clock
from cn_connect.api_method import api_method
from frappe import _
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.api.staff.common import ADMINISTRATOR, FINANCE, SUPERVISOR, own
from market_mgmt.services import reconciliation


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def reconcile_day(market: str, day: date) -> answers.ReconciledDay:
    """Fetches WeChat's bills of a day and compares them with our books; repeating it looks again."""
    permissions.require_market(market)
    mchid, sub_mchid = frappe.db.get_value("Market", market, ["mchid", "sub_mchid"]) or (None, None)
    paid = (mchid, sub_mchid or None)
    payee = next((one for one in reconciliation.payees() if (one.mchid, one.sub_mchid) == paid), None)
    if payee is None:
        frappe.throw(_("Market {0} is not paid by WeChat.").format(market))
    done = reconciliation.reconcile(payee, day, clock.now())
    left = frappe.db.count(reconciliation.DIFFERENCE, {"reconciliation": done.name, "status": "Open"})
    return {"name": done.name, "status": done.status, "open_differences": left}


@api_method(methods=["POST"], roles=[FINANCE, SUPERVISOR, ADMINISTRATOR])
def resolve_difference(name: str, resolution: str) -> answers.NamedStatus:
    """Closes a difference with what was found out; the status is that of its day."""
    own(reconciliation.DIFFERENCE, [name])
    status = reconciliation.resolve(name, resolution, frappe.session.user, clock.now())
    return {"name": name, "status": status}
