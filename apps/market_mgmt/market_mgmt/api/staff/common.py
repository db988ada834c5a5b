"""What the office's methods share: roles, documents within one's markets, days and amounts as they come in."""

from datetime import date
from decimal import Decimal

import frappe
from cn_connect import clock
from cn_connect.api_bounds import LARGEST_AMOUNT
from cn_connect.money import yuan
from frappe import _
from market_mgmt import permissions

ADMINISTRATOR, FINANCE, SUPERVISOR = "Market Administrator", "Market Finance", "Market Supervisor"
CLERK, CASHIER = "Market Clerk", "Market Cashier"


def own(doctype: str, names: list[str], *fields: str) -> list[frappe._dict]:
    """The documents with their markets. Raises DoesNotExistError or PermissionError unless all may be seen."""
    filters = {"name": ["in", names or [""]]}
    found = frappe.get_all(doctype, filters=filters, fields=["name", "market", *fields], order_by="name")
    missing = sorted(set(names) - {row.name for row in found})
    if missing:
        frappe.throw(_("{0} {1} does not exist.").format(_(doctype), missing[0]), frappe.DoesNotExistError)
    for market in {row.market for row in found}:
        permissions.require_market(market)
    return found


def day_of(as_of: date | None) -> date:
    """Today unless told otherwise; the future is for test sites only."""
    today = clock.today()
    if as_of and as_of > today and not frappe.conf.get("allow_tests"):
        frappe.throw(_("The day {0} lies in the future.").format(as_of))
    return as_of or today


def cents(amount: Decimal) -> Decimal:
    if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT or yuan(amount) != amount:
        frappe.throw(_("{0} is no amount in yuan and whole cents.").format(amount))
    return yuan(amount)
