"""The scheduler: looks every few seconds which scheduled jobs of which site are due, and queues them.

Only one process of a bench schedules (it holds `sites/scheduler.lock`); the work is done by workers.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import threading
import time

import frappe
from frappe.utils import get_sites, now_datetime
from frappe.utils.synchronization import try_lock

TICK_SECONDS = 5
HEARTBEAT_KEY = "scheduler_heartbeat"


def start_scheduler(
    sites_path: str = ".", tick: float | None = None, stop: threading.Event | None = None
) -> None:
    """Schedule until SIGTERM or SIGINT (or `stop` is set)."""
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    lock = None
    while not stop.is_set() and lock is None:
        lock = try_lock(os.path.join(sites_path, "scheduler.lock"))
        if lock is None:
            stop.wait(1)
    while not stop.is_set():
        enqueue_events_for_all_sites(sites_path)
        stop.wait(tick or TICK_SECONDS)
    if lock is not None:
        os.close(lock)


def enqueue_events_for_all_sites(sites_path: str = ".", now: datetime.datetime | None = None) -> None:
    """A failing site does not keep the others from their jobs."""
    for site in get_sites(sites_path):
        enqueue_events_for_site(site, sites_path, now)


def enqueue_events_for_site(site: str, sites_path: str = ".", now: datetime.datetime | None = None) -> None:
    try:
        frappe.init(site, sites_path=sites_path, force=True)
        frappe.connect()
        frappe.cache.set_value(HEARTBEAT_KEY, time.time(), expires_in_sec=3600)
        if not is_scheduler_inactive(verbose=False):
            enqueue_events(now=now)
            frappe.db.commit()
    except Exception:
        with contextlib.suppress(Exception):
            frappe.logger("scheduler").exception(f"could not schedule the jobs of {site}")
    finally:
        frappe.destroy()


def enqueue_events(site: str | None = None, now: datetime.datetime | None = None) -> list[str]:
    """Queue the due jobs of the current site; answers their methods."""
    now = now or now_datetime()
    jobs = frappe.get_all("Scheduled Job Type", filters={"stopped": 0}, fields=["*"])
    queued = []
    for values in jobs:
        job = frappe.get_doc({"doctype": "Scheduled Job Type", **values})
        if job.enqueue(now=now):
            queued.append(job.method)
    return queued


def is_scheduler_inactive(verbose: bool = True) -> bool:
    """Paused for the bench or site, in maintenance, or switched off in System Settings."""
    conf = frappe.local.conf
    if conf.get("maintenance_mode") or conf.get("pause_scheduler"):
        return True
    return is_scheduler_disabled(verbose)


def is_scheduler_disabled(verbose: bool = True) -> bool:
    if frappe.local.conf.get("disable_scheduler"):
        return True
    return not frappe.utils.cint(frappe.db.get_single_value("System Settings", "enable_scheduler"))


def toggle_scheduler(enable: bool) -> None:
    frappe.db.set_single_value("System Settings", "enable_scheduler", int(enable))


def enable_scheduler() -> None:
    toggle_scheduler(True)


def disable_scheduler() -> None:
    toggle_scheduler(False)


def last_heartbeat() -> float | None:
    """Unix time at which a scheduler last looked at this site."""
    return frappe.cache.get_value(HEARTBEAT_KEY, expires=True)


@frappe.whitelist()
def get_scheduler_status() -> dict[str, str]:
    return {"status": "inactive" if is_scheduler_inactive(verbose=False) else "active"}


@frappe.whitelist()
def activate_scheduler() -> None:
    frappe.only_for("Administrator")
    enable_scheduler()
