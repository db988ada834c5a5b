"""One run of a scheduled job."""

from __future__ import annotations

import frappe
from frappe.model.document import Document

KEEP_DAYS = 30


class ScheduledJobLog(Document):
    pass


def clear_old_logs() -> None:
    """Daily, from the runtime's own hooks."""
    limit = frappe.utils.add_days(frappe.utils.now_datetime(), -KEEP_DAYS)
    frappe.db.delete("Scheduled Job Log", {"creation": ("<", limit)})
