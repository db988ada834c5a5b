"""Markets that had no number of days for reading after the end of a month get the usual one, enough for a holiday."""

import frappe


def execute() -> None:
    for name in frappe.get_all("Market", filters={"reading_days_after": ["in", (None, 0)]}, pluck="name"):
        frappe.db.set_value("Market", name, "reading_days_after", 10, update_modified=False)
