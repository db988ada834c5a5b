"""The worker: runs the jobs of all sites of a bench one after another. With `redis_queue` it is RQ's.

A job that runs longer than its timeout is interrupted by a signal.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

import frappe
from frappe.utils import get_sites
from frappe.utils.background_jobs import QUEUES, execute_job
from frappe.utils.job_store import WORKER_LOCK, JobStore
from frappe.utils.synchronization import try_lock

POLL_SECONDS = 0.25
RECOVER_SECONDS = 10


class JobTimeoutException(Exception):
    """The job ran longer than it may."""


def main(queues: Sequence[str] | None = None, burst: bool = False, quiet: bool = False) -> int:
    """Run a worker for all sites of the bench until SIGTERM or SIGINT; returns how many jobs it ran."""
    queues = queues or list(QUEUES)
    if url := frappe.get_site_config(".").get("redis_queue"):
        from frappe.utils.rq_store import work as work_for_redis

        return work_for_redis(url, queues, burst, quiet)
    return work(queues, burst, stop_on_signal())


def stop_on_signal() -> threading.Event:
    """Set when this process is told to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def work(queues: Sequence[str], burst: bool, stop: threading.Event) -> int:
    """Run jobs until stopped (burst: until none waits). A stop lets the present job finish."""
    signal.signal(signal.SIGALRM, _interrupt)
    done, recover_at = 0, 0.0
    os.makedirs("locks", exist_ok=True)
    path, held = WORKER_LOCK.format(uuid.uuid4().hex), None
    while held is None or not os.path.exists(path):  # `workers` removes files that are not locked yet
        held = try_lock(path)
    try:
        while not stop.is_set():
            stores = [JobStore(os.path.abspath(site)) for site in get_sites(".")]
            if time.monotonic() >= recover_at:
                recover_at = time.monotonic() + RECOVER_SECONDS
                for store in stores:
                    store.recover()
            for store in stores:
                if job := store.claim(queues, path):
                    _perform(store, job)
                    done += 1
                    break
            else:  # no site has one
                if burst:
                    break
                stop.wait(POLL_SECONDS)
    finally:
        os.unlink(path)
        os.close(held)
    return done


def _perform(store: JobStore, job: Any) -> None:
    try:
        signal.alarm(job.timeout)
        try:
            execute_job(**job.payload, run=job.run)
        finally:
            signal.alarm(0)
    except Exception:
        store.fail(job.number)
    else:
        store.finish(job.number)


def _interrupt(*_signal: Any) -> None:
    raise JobTimeoutException("Task exceeded maximum timeout value")
