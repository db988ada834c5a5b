"""Bills that were only waived in part were called partly paid, and had a paid date when they were waived as a whole."""

import frappe
from market_mgmt.services.ledger_caches import refresh_caches


def execute() -> None:
    fees = frappe.get_all("Fee", filters={"status": ["in", ("Partly Paid", "Waived")]}, pluck="name")
    # A day is only set on what gets paid now, and nothing does.
    refresh_caches(fees, frappe.utils.getdate())
