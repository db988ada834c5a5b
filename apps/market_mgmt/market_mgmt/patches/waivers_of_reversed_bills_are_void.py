"""Waivers of bills that were reversed before waivers could be void: their entries are reversed, they say so from now on."""

import frappe
from market_mgmt.services import waivers


def execute() -> None:
    waiver, fee = frappe.qb.DocType("Fee Waiver"), frappe.qb.DocType("Fee")
    query = frappe.qb.from_(waiver).join(fee).on(fee.name == waiver.fee).select(fee.name).distinct()
    query = query.where((fee.status == "Reversed") & waiver.status.isin(["Requested", "Approved"]))
    for (name,) in query.run():
        waivers.void_with(name)
