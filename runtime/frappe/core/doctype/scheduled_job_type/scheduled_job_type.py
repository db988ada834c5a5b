"""A function that hooks want to run at certain times, and what is known of its runs."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

from croniter import CroniterBadCronError, croniter

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime, now_datetime
from frappe.utils.file_lock import LockTimeoutError
from frappe.utils.synchronization import filelock

CRON_OF_FREQUENCY = {
    "Yearly": "0 0 1 1 *",
    "Annual": "0 0 1 1 *",
    "Monthly": "0 0 1 * *",
    "Monthly Long": "0 0 1 * *",
    "Weekly": "0 0 * * 0",
    "Weekly Long": "0 0 * * 0",
    "Daily": "0 0 * * *",
    "Daily Long": "0 0 * * *",
    "Hourly": "0 * * * *",
    "Hourly Long": "0 * * * *",
    "All": "*/4 * * * *",
}


class ScheduledJobType(Document):
    """When it is due follows from the last run, so what was missed while nothing ran is made up once."""

    def autoname(self) -> None:
        """`module.function`, as Frappe names them; the whole path where another method has that name."""
        short = ".".join(self.method.split(".")[-2:])
        self.name = self.method if frappe.db.exists("Scheduled Job Type", short) else short

    def validate(self) -> None:
        if self.frequency == "Cron":
            try:
                croniter(self.cron_format)
            except (CroniterBadCronError, AttributeError):
                frappe.throw(
                    _("{0} is not a valid Cron expression.").format(f"<code>{self.cron_format}</code>"),
                    title=_("Bad Cron Expression"),
                )

    @property
    def cron(self) -> str:
        return self.cron_format if self.frequency == "Cron" else CRON_OF_FREQUENCY[self.frequency]

    @property
    def rq_job_id(self) -> str:
        return f"scheduled_job::{self.method}"

    @property
    def next_execution(self) -> datetime.datetime:
        return self.get_next_execution()

    def get_next_execution(self) -> datetime.datetime:
        """First time of the schedule after the last run (after creation when it never ran)."""
        last = get_datetime(self.last_execution or self.creation)
        return croniter(self.cron, last).get_next(datetime.datetime)

    def is_event_due(self, current_time: datetime.datetime | None = None) -> bool:
        return self.get_next_execution() <= (current_time or now_datetime())

    def is_job_in_queue(self) -> bool:
        return frappe.utils.background_jobs.is_job_enqueued(self.rq_job_id)

    def enqueue(self, force: bool = False, now: datetime.datetime | None = None) -> bool:
        """Put a run into the queue if one is due (or forced) and none waits or runs."""
        if not force and not self.is_event_due(now):
            return False
        frappe.enqueue(
            "frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_job",
            queue=self.get_queue_name(),
            job_type=self.method,
            scheduled_job_type=self.name,
            job_id=self.rq_job_id,
            deduplicate=True,
        )
        return True

    def get_queue_name(self) -> str:
        return "long" if "Long" in self.frequency else "default"

    def execute(self, now: datetime.datetime | None = None) -> None:
        """Run it here and record the run, unless it is running in another process. Failures do not raise."""
        with contextlib.suppress(LockTimeoutError), filelock(f"scheduled-{self.name}", timeout=0):
            self._execute(now or now_datetime())

    def _execute(self, now: datetime.datetime) -> None:
        self.scheduler_log = self._start(now)
        try:
            frappe.get_attr(self.method)()
            frappe.db.commit()
        except Exception:
            frappe.db.rollback()
            frappe.log_error(title=f"{self.method} failed"[:140])
            self.log_status("Failed", frappe.get_traceback())
        else:
            self.log_status("Complete")

    def _start(self, now: datetime.datetime) -> Any:
        """Committed before the run: a run that is killed is not started over and over."""
        frappe.db.set_value(self.doctype, self.name, "last_execution", now, update_modified=False)
        log = None
        if self.create_log:
            log = frappe.get_doc(
                doctype="Scheduled Job Log", scheduled_job_type=self.name, status="Scheduled"
            )
            log.insert(ignore_permissions=True)
        frappe.db.commit()
        return log

    def log_status(self, status: str, details: str | None = None) -> None:
        if self.scheduler_log:
            frappe.db.set_value(
                "Scheduled Job Log", self.scheduler_log.name, {"status": status, "details": details}
            )
        frappe.db.commit()

    def on_trash(self) -> None:
        frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": self.name})


@frappe.whitelist()
def execute_event(doc: str) -> dict:
    """Run a job now (System Manager)."""
    frappe.only_for("System Manager")
    values = frappe.parse_json(doc)
    frappe.get_doc("Scheduled Job Type", values["name"]).enqueue(force=True)
    return values


def run_scheduled_job(job_type: str, scheduled_job_type: str | None = None) -> None:
    """What the queue calls."""
    name = scheduled_job_type or frappe.db.get_value("Scheduled Job Type", {"method": job_type})
    if not name or not frappe.db.exists("Scheduled Job Type", name):
        return
    frappe.get_doc("Scheduled Job Type", name).execute()


def sync_jobs(hooks: dict | None = None) -> None:
    """Make the rows equal to the hooks: new ones added, changed ones changed, gone ones deleted."""
    events = hooks or frappe.get_hooks("scheduler_events")
    wanted = dict(_wanted(events))
    known = {
        row.method: row
        for row in frappe.get_all("Scheduled Job Type", fields=["name", "method", "frequency", "cron_format"])
    }
    for method in known.keys() - wanted.keys():
        if hooks is None:
            frappe.delete_doc("Scheduled Job Type", known[method].name, ignore_permissions=True, force=True)
    for method, (frequency, cron_format) in wanted.items():
        row = known.get(method)
        if row is None:
            frappe.get_doc(
                doctype="Scheduled Job Type",
                method=method,
                frequency=frequency,
                cron_format=cron_format,
                create_log=1,
            ).insert(ignore_permissions=True)
        elif (row.frequency, row.cron_format or None) != (frequency, cron_format):
            frappe.db.set_value(
                "Scheduled Job Type", row.name, {"frequency": frequency, "cron_format": cron_format}
            )


def _wanted(events: dict[str, Any]) -> list[tuple[str, tuple[str, str | None]]]:
    wanted: list[tuple[str, tuple[str, str | None]]] = []
    for event, methods in events.items():
        if isinstance(methods, dict):  # cron: {expression: [methods]}
            for expression, listed in methods.items():
                wanted.extend((method, ("Cron", expression)) for method in listed)
        else:
            frequency = event.replace("_", " ").title()
            wanted.extend((method, (frequency, None)) for method in methods)
    return wanted
