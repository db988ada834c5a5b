"""One run of a scheduled job."""

from __future__ import annotations

import frappe
from frappe.model.document import Document

KEEP_DAYS = 30


class ScheduledJobLog(Document):
    @staticmethod
    def clear_old_logs(days: int = KEEP_DAYS) -> None:
        limit = frappe.utils.add_days(frappe.utils.now_datetime(), -days)
        frappe.db.delete("Scheduled Job Log", {"creation": ("<", limit)})


def clear_old_logs() -> None:
    """Daily, from the runtime's own hooks."""
    ScheduledJobLog.clear_old_logs()
