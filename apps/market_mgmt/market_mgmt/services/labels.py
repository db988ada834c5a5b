"""What people call a document, for messages to them: merchants by name and stall, bills by what they are for.

A document that is not there is called by its own name.
"""

from collections.abc import Collection

import frappe
from frappe import _
from market_mgmt.domain.leases import ACTIVE
from market_mgmt.services.values import as_datetime


def merchant(name: str) -> str:
    """The name of a merchant with the stalls of the active leases, or with the merchant's number when there are none."""
    stalls = frappe.get_all("Lease", filters={"merchant": name, "status": ACTIVE}, pluck="stall")
    numbers = "、".join(sorted({stall(rented) for rented in stalls}))
    return _("{0} ({1})").format(merchant_name(name), numbers or name)


def merchant_name(name: str) -> str:
    """The name alone, where the message says the stall."""
    return frappe.db.get_value("Merchant", name, "merchant_name") or name


def stall(name: str) -> str:
    """The number of a stall as it stands on its door, without the market."""
    return frappe.db.get_value("Stall", name, "stall_no") or name


def lease(name: str) -> str:
    """Of which stall, whose, and for what time a lease is."""
    row = frappe.db.get_value("Lease", name, ["merchant", "stall", "start_date", "end_date"], as_dict=True)
    if not row:
        return name
    where, whose = stall(row.stall), merchant_name(row.merchant)
    return _("{0} {1}, {2} to {3}").format(where, whose, row.start_date, row.end_date)


def fee(name: str, of: Collection[str] | None = None) -> str:
    """Of which stall, for what month, and for what a bill is; nothing about bills of merchants not among `of`."""
    row = frappe.db.get_value("Fee", name, ["merchant", "stall", "period", "fee_type"], as_dict=True)
    if not row or (of is not None and row.merchant not in of):
        return name
    return f"{stall(row.stall)} {row.period} {_(row.fee_type)}"


def session(name: str) -> str:
    """Whose session at the counter, and since when."""
    row = frappe.db.get_value("Cashier Session", name, ["cashier", "opened_at"], as_dict=True)
    if not row:
        return name
    begun = as_datetime(row.opened_at).strftime("%Y-%m-%d %H:%M")
    return _("{0}, since {1}").format(frappe.utils.get_fullname(row.cashier), begun)
