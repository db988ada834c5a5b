"""The scheduler: looks every few seconds which scheduled jobs of which site are due, and queues them.

Several may run (on several machines); a lock lets one look at a time. The work is done by workers.
"""

from __future__ import annotations

import datetime
import time

import frappe
from frappe.utils import get_sites
from frappe.utils.synchronization import try_to_hold
from frappe.utils.worker import stop_on_signal

TICK_SECONDS = 5
HEARTBEAT_KEY = "scheduler_heartbeat"


def start_scheduler() -> None:
    """Schedule until SIGTERM or SIGINT."""
    stop = stop_on_signal()
    while not stop.is_set():
        enqueue_events_for_all_sites()
        stop.wait(TICK_SECONDS)


def enqueue_events_for_all_sites() -> None:
    """Nothing if another scheduler is at it. A failing site does not keep the others from their jobs."""
    frappe.init("", force=True)
    with try_to_hold("scheduler", timeout=0, is_global=True) as held:
        for site in get_sites(".") if held else []:
            _enqueue_events_for_site(site)


def _enqueue_events_for_site(site: str) -> None:
    try:
        frappe.init(site, force=True)
        frappe.connect()
        frappe.cache.set_value(HEARTBEAT_KEY, time.time(), expires_in_sec=3600)
        if not is_scheduler_inactive():
            enqueue_events()
    except Exception:
        frappe.logger("scheduler").exception(f"could not schedule the jobs of {site}")
    finally:
        frappe.destroy()


def enqueue_events(now: datetime.datetime | None = None) -> list[str]:
    """Queue the due jobs of the current site; answers their methods."""
    names = frappe.get_all("Scheduled Job Type", filters={"stopped": 0}, pluck="name")
    jobs = [frappe.get_doc("Scheduled Job Type", name) for name in names]
    due = [job for job in jobs if job.is_event_due(now)]
    for job in due:
        job.enqueue()
    return [job.method for job in due]


def is_scheduler_inactive() -> bool:
    """Paused for the bench or site, in maintenance, or switched off in System Settings."""
    conf = frappe.local.conf
    paused = conf.get("maintenance_mode") or conf.get("pause_scheduler") or conf.get("disable_scheduler")
    return bool(paused) or not frappe.db.get_single_value("System Settings", "enable_scheduler")


def toggle_scheduler(enable: bool) -> None:
    frappe.db.set_single_value("System Settings", "enable_scheduler", int(enable))
