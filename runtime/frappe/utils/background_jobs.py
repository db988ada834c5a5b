"""Background jobs: `enqueue`, and what a worker does with one.

They wait in a file of the site (job_store) or, with `redis_queue` in the configuration, in RQ's queues (rq_store).
When a worker is killed, the next takes its job back: once again, then it is reported as failed. So a job may run
twice, and its callers must tolerate that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import frappe

MAX_RETRIES = 5
MAX_RUNS = 2
KEEP_FAILED_SECONDS = 7 * 86400
QUEUES = {"short": 300, "default": 300, "long": 1500}  # and their time limits in seconds


class WorkerDiedError(Exception):
    """The worker was killed in the middle of this job, again and again."""


def enqueue(
    method: str | Callable,
    queue: str = "default",
    timeout: int | None = None,
    *,
    now: bool = False,
    enqueue_after_commit: bool = False,
    job_id: str | None = None,
    deduplicate: bool = False,
    **kwargs: Any,
) -> Any:
    """Run `method(**kwargs)` in a worker as the present user, for `timeout` seconds at most.

    deduplicate: do nothing while a job of the same `job_id` waits or runs. enqueue_after_commit: only if and when
    the transaction is committed. now: call it here and return its result.
    """
    if now:
        return frappe.call(method, **kwargs)
    if queue not in QUEUES:
        frappe.throw(frappe._("Queue should be one of {0}").format(", ".join(QUEUES)))
    full_id = f"{frappe.local.site}::{job_id or frappe.generate_hash(length=20)}"
    name = method if isinstance(method, str) else f"{method.__module__}.{method.__qualname__}"
    payload = {"site": frappe.local.site, "method": name, "kwargs": kwargs, "user": frappe.session.user}

    def put() -> Any:
        return get_store().put(full_id, queue, payload, timeout or QUEUES[queue], deduplicate)

    if enqueue_after_commit:
        frappe.db.after_commit.add(put)
        return None
    return put()


def execute_job(site: str, method: str, kwargs: dict[str, Any], user: str, run: int = 1) -> None:
    """Run a job in its own transaction. Deadlocks are tried again; other errors end in an Error Log row."""
    for retry in range(MAX_RETRIES + 1):
        frappe.init(site, force=True)
        frappe.connect()
        try:
            if run > MAX_RUNS:
                raise WorkerDiedError(f"The worker died {MAX_RUNS} times while it ran this job.")
            frappe.set_user(user)
            frappe.get_attr(method)(**kwargs)
            frappe.db.commit()
            return
        except Exception as error:
            frappe.db.rollback()
            passes = isinstance(error, frappe.QueryDeadlockError | frappe.QueryTimeoutError)
            if not passes or retry == MAX_RETRIES:
                frappe.log_error(title=method[:140])
                frappe.db.commit()
                raise
        finally:
            frappe.destroy()
        time.sleep(retry + 1)


def get_store() -> Any:
    """Where the jobs of this site wait: JobStore or RedisJobStore."""
    if url := frappe.local.conf.get("redis_queue"):
        from frappe.utils.rq_store import RedisJobStore

        return RedisJobStore(url)
    from frappe.utils.job_store import JobStore

    return JobStore(os.path.abspath(frappe.local.site_path))
