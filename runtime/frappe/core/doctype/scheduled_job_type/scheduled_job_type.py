"""A function that hooks want to run at certain times, and what is known of its runs."""

from __future__ import annotations

import datetime

from croniter import croniter

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime
from frappe.utils.synchronization import try_to_hold

KEEP_LOGS_DAYS = 30
KEEP_LOGS = 20_000  # and no more rows than these of each log
# Other frequencies are croniter's; with "Long" they mean the same times, but another queue.
_ALL = "*/4 * * * *"


class ScheduledJobType(Document):
    """When it is due follows from the last run, so what was missed while nothing ran is made up once."""

    def autoname(self) -> None:
        """`module.function`, as Frappe names them; the whole path where another method has that name."""
        if not self.method:
            frappe.throw(
                _("Error: Value missing for {0}: {1}").format(_(self.doctype), _("Method")),
                frappe.MandatoryError,
            )
        short = ".".join(self.method.split(".")[-2:])
        self.name = self.method if frappe.db.exists("Scheduled Job Type", short) else short

    def validate(self) -> None:
        if self.frequency == "Cron" and not croniter.is_valid(self.cron_format or ""):
            frappe.throw(frappe.messages.fill(_("{0} is not a valid Cron expression."), self.cron_format))

    def get_next_execution(self) -> datetime.datetime:
        """First time of the schedule after the last run (after creation when it never ran)."""
        named = f"@{self.frequency.removesuffix(' Long').lower()}"
        cron = {"Cron": self.cron_format, "All": _ALL}.get(self.frequency, named)
        last = get_datetime(self.last_execution or self.creation)
        return croniter(cron, last).get_next(datetime.datetime)

    def is_event_due(self, current_time: datetime.datetime | None = None) -> bool:
        return self.get_next_execution() <= (current_time or now_datetime())

    def enqueue(self) -> None:
        """Put a run into the queue if none waits or runs."""
        queue = "long" if "Long" in self.frequency else "default"
        kept = {"scheduled_job_type": self.name, "job_id": f"scheduled_job::{self.method}"}
        frappe.enqueue(run_scheduled_job, queue, None, deduplicate=True, **kept)

    def execute(self) -> None:
        """Run it here and record the run, unless it is running in another process. Failures do not raise."""
        with try_to_hold(f"scheduled-{self.name}", timeout=0) as held:
            if not held:
                return
            log = self._start()
            try:
                frappe.get_attr(self.method)()
                frappe.db.commit()
                result = {"status": "Complete"}
            except Exception:
                frappe.db.rollback()
                frappe.log_error(title=f"{self.method} failed"[:140])
                result = {"status": "Failed", "details": frappe.get_traceback()}
            frappe.db.set_value("Scheduled Job Log", log, result)
            frappe.db.commit()

    def _start(self) -> str:
        """Committed before the run: a run that is killed is not started over and over."""
        frappe.db.set_value(self.doctype, self.name, "last_execution", now_datetime(), update_modified=False)
        values = {"doctype": "Scheduled Job Log", "scheduled_job_type": self.name, "status": "Scheduled"}
        log = frappe.get_doc(values).insert(ignore_permissions=True)
        frappe.db.commit()
        return log.name

    def on_trash(self) -> None:
        frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": self.name})


def run_scheduled_job(scheduled_job_type: str) -> None:
    """What the queue calls."""
    frappe.get_doc("Scheduled Job Type", scheduled_job_type).execute()


def clear_old_logs() -> None:
    """Daily, from the runtime's own hooks."""
    limit = frappe.utils.add_days(now_datetime(), -KEEP_LOGS_DAYS)
    for log in ("Scheduled Job Log", "Error Log"):
        frappe.db.delete(log, {"creation": ("<", limit)})
        newest = frappe.get_all(
            log, pluck="creation", order_by="creation desc", limit_start=KEEP_LOGS, limit=1
        )
        if newest:
            frappe.db.delete(log, {"creation": ("<=", newest[0])})


def sync_jobs() -> None:
    """Make the rows equal to the hooks: new ones added, known ones brought up to date, gone ones deleted."""
    wanted: dict[str, dict[str, str | None]] = {}
    for event, methods in frappe.get_hooks("scheduler_events").items():
        frequency = event.replace("_", " ").title()
        for expression, listed in (methods if event == "cron" else {None: methods}).items():
            when = {"frequency": frequency, "cron_format": expression}
            wanted.update(dict.fromkeys(listed, when))
    for row in frappe.get_all("Scheduled Job Type", fields=["name", "method"]):
        if row.method in wanted:
            frappe.db.set_value("Scheduled Job Type", row.name, wanted.pop(row.method), update_modified=False)
        else:
            frappe.delete_doc("Scheduled Job Type", row.name, ignore_permissions=True, force=True)
    for method, when in wanted.items():
        values = {"doctype": "Scheduled Job Type", "method": method, "create_log": 1, **when}
        frappe.get_doc(values).insert(ignore_permissions=True)
