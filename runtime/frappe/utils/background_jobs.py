"""Background jobs: `enqueue`, the store they wait in, and what a worker does with one.

The store is an SQLite file per site (huey's storage with a table of claimed jobs beside it), so jobs survive
restarts. A worker claims a job in one transaction; when the worker is killed, its file lock is free and the next
worker takes the job back: once again, then it is reported as failed. Callers must therefore tolerate a repeat.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import frappe
from frappe.utils.job_store import Job, JobStore, get_store

MAX_RETRIES = 5
DEFAULT_TIMEOUTS = {"short": 300, "default": 300, "long": 1500}


def get_queues_timeout() -> dict[str, int]:
    """Queues and their time limits in seconds; common_site_config `workers` adds or changes some."""
    custom = frappe.local.conf.get("workers") or {}
    return {**DEFAULT_TIMEOUTS, **{name: int(value.get("timeout", 300)) for name, value in custom.items()}}


def enqueue(
    method: str | Callable,
    queue: str = "default",
    timeout: int | None = None,
    event: str | None = None,
    is_async: bool = True,
    job_name: str | None = None,
    now: bool = False,
    enqueue_after_commit: bool = False,
    *,
    on_success: Callable | None = None,
    on_failure: Callable | None = None,
    at_front: bool = False,
    job_id: str | None = None,
    deduplicate: bool = False,
    at_front_when_starved: bool = False,
    **kwargs: Any,
) -> Any:
    """Run `method(**kwargs)` in a worker as the present user.

    deduplicate: do nothing while a job of the same `job_id` waits or runs. enqueue_after_commit: only if and when
    the transaction is committed. now: call it here and return its result.
    """
    call_directly = now or (not is_async and not frappe.flags.in_test)
    if call_directly:
        return frappe.call(method, **kwargs)
    timeouts = get_queues_timeout()
    if queue not in timeouts:
        frappe.throw(frappe._("Queue should be one of {0}").format(", ".join(timeouts)))
    if deduplicate and not job_id:
        frappe.throw(frappe._("`job_id` parameter is required for deduplication."))
    full_id = create_job_id(job_id)
    if deduplicate and is_job_enqueued(job_id or ""):
        return None
    job = Job(
        id=full_id,
        queue=queue,
        method=method if isinstance(method, str) else f"{method.__module__}.{method.__qualname__}",
        kwargs=kwargs,
        user=frappe.session.user,
        timeout=timeout or timeouts[queue],
        event=event,
        job_name=job_name or (method if isinstance(method, str) else method.__name__),
        on_success=_dotted(on_success),
        on_failure=_dotted(on_failure),
    )

    def put() -> Job | None:
        return job if get_store().put(job, at_front=at_front, unique=deduplicate) else None

    if enqueue_after_commit:
        frappe.db.after_commit.add(put)
        return None
    return put()


def _dotted(function: Callable | None) -> str | None:
    return f"{function.__module__}.{function.__qualname__}" if function else None


def enqueue_doc(
    doctype: str,
    name: str | None = None,
    method: str | None = None,
    queue: str = "default",
    timeout: int = 300,
    now: bool = False,
    **kwargs: Any,
) -> Any:
    """Enqueue a method of a document."""
    return enqueue(
        "frappe.utils.background_jobs.run_doc_method",
        queue=queue,
        timeout=timeout,
        now=now,
        doctype=doctype,
        name=name,
        doc_method=method,
        **kwargs,
    )


def run_doc_method(doctype: str, name: str, doc_method: str, **kwargs: Any) -> Any:
    return getattr(frappe.get_doc(doctype, name), doc_method)(**kwargs)


def execute_job(
    site: str,
    method: str | Callable,
    event: str | None = None,
    job_name: str | None = None,
    kwargs: dict[str, Any] | None = None,
    user: str | None = None,
    is_async: bool = True,
    retry: int = 0,
) -> Any:
    """Run a job in its own transaction. Deadlocks are tried again; other errors end in an Error Log row."""
    kwargs = kwargs or {}
    if is_async:
        frappe.init(
            site,
            sites_path=frappe.local.sites_path if hasattr(frappe.local, "sites_path") else ".",
            force=True,
        )
        frappe.connect()
        if user:
            frappe.set_user(user)
    function, name = _resolve(method)
    frappe.local.job = frappe._dict(
        site=site,
        method=name,
        job_name=job_name,
        kwargs=kwargs,
        user=user,
        after_job=frappe.utils.CallbackManager(),
    )
    again = False
    try:
        _run_hooks("before_job", name, kwargs)
        result = function(**kwargs)
        frappe.db.commit()
    except (frappe.QueryDeadlockError, frappe.QueryTimeoutError, frappe.RetryBackgroundJobError) as error:
        frappe.db.rollback()
        if retry >= MAX_RETRIES:
            _log_failure(name)
            raise error
        again = True
    except Exception:
        frappe.db.rollback()
        _log_failure(name)
        raise
    else:
        _run_hooks("after_job", name, kwargs, result=result)
        frappe.local.job.after_job.run()
        return result
    finally:
        if is_async:
            frappe.destroy()
    if again:
        time.sleep(retry + 1)
    return execute_job(site, method, event, job_name, kwargs, user, is_async, retry + 1)


def _resolve(method: str | Callable) -> tuple[Callable, str]:
    if isinstance(method, str):
        return frappe.get_attr(method), method
    return method, f"{method.__module__}.{method.__qualname__}"


def _run_hooks(hook: str, method: str, kwargs: dict[str, Any], **more: Any) -> None:
    for task in frappe.get_hooks(hook) or []:
        frappe.call(task, method=method, kwargs=kwargs, transaction_type="job", **more)


def _log_failure(title: str) -> None:
    frappe.log_error(title=title[:140])
    frappe.db.commit()


def create_job_id(job_id: str | None = None) -> str:
    """Job ids are per site; without one, a random id."""
    return f"{frappe.local.site}::{job_id or frappe.generate_hash()[:20]}"


def is_job_enqueued(job_id: str) -> bool:
    """Whether a job of this id waits or runs."""
    return get_store().status(create_job_id(job_id)) in ("queued", "started")


def get_job_status(job_id: str) -> str | None:
    """queued, started, failed, or None (unknown, or finished)."""
    return get_store().status(create_job_id(job_id))


def get_job(job_id: str) -> Job | None:
    return get_store().get(create_job_id(job_id))


def get_jobs(site: str | None = None, queue: str | None = None, key: str = "method") -> dict[str, list]:
    """Methods (or other attributes) of the waiting and running jobs, by site."""
    jobs = [job for job in get_store().jobs() if not queue or job.queue == queue]
    return {frappe.local.site: [getattr(job, key, None) or job.kwargs.get(key) for job in jobs]}


def get_queue_size() -> dict[str, int]:
    """Waiting jobs by queue, of this site."""
    store = get_store()
    return {queue: store.size(queue) for queue in get_queues_timeout()}


def run_pending_jobs(queues: list[str] | None = None) -> int:
    """Work off this site's waiting jobs in this process (tests, `bench worker --burst`); returns how many ran."""
    from frappe.utils.worker import Worker

    return Worker([frappe.local.site], queues, sites_path=frappe.local.sites_path).work(burst=True)


def start_worker(queue: str | None = None, quiet: bool = False, burst: bool = False, **_: Any) -> None:
    """Entry point of `bench worker`."""
    importlib.import_module("frappe.utils.worker").main(
        queue.split(",") if queue else None, burst=burst, quiet=quiet
    )


__all__ = ["Job", "JobStore", "enqueue", "enqueue_doc", "execute_job", "is_job_enqueued"]
