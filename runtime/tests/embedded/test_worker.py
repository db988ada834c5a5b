"""Workers that are killed, jobs that never end, jobs of another process."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from frappe.utils import background_jobs
from frappe.utils.job_store import Job, JobStore, get_store
from frappe.utils.worker import Worker


@pytest.fixture
def store(site: str) -> Iterator[JobStore]:
    jobs = get_store()
    jobs.clear()
    yield jobs
    jobs.clear()


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable], str]:
    """Make a function of a test callable by dotted name."""

    def under_a_name(function: Callable) -> str:
        monkeypatch.setattr(background_jobs, function.__name__, function, raising=False)
        return f"frappe.utils.background_jobs.{function.__name__}"

    return under_a_name


def work(site: str, **options: Any) -> int:
    return Worker([site], **options).work(burst=True)


def test_queues_are_served_in_order_and_front_first(site: str, store: JobStore) -> None:
    store.put(Job("a", "long", "m"))
    store.put(Job("b", "short", "m"))
    store.put(Job("c", "short", "m"))
    store.put(Job("d", "short", "m"), at_front=True)
    taken = [store.claim(["short", "long"], "w") for _ in range(4)]
    assert [job.id for job in taken if job] == ["d", "b", "c", "a"]
    assert store.claim(["short", "long"], "w") is None


def test_two_workers_never_get_the_same_job(site: str, store: JobStore) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for number in range(60):
        store.put(Job(f"job-{number}", "default", "m"))

    def take_all(worker: str) -> list[str]:
        taken = []
        while job := store.claim(["default"], worker):
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(3) as threads:
        found = [name for names in threads.map(take_all, ("x", "y", "z")) for name in names]
    assert len(found) == len(set(found)) == 60


def test_jobs_outlive_the_process_that_queued_them(site: str, store: JobStore) -> None:
    store.put(Job("kept", "default", "m", {"money": 1}))
    again = JobStore(store.filename)
    assert again.get("kept").kwargs == {"money": 1}
    again.close()


def test_a_job_too_long_is_interrupted_and_reported(site: str, publish: Callable, store: JobStore) -> None:
    import frappe

    def never_ends() -> None:
        while True:
            time.sleep(0.01)

    frappe.enqueue(publish(never_ends), timeout=1)
    assert work(site) == 1
    assert store.counts() == {"failed": 1}
    frappe.db.rollback()
    assert "maximum timeout" in frappe.get_last_doc("Error Log").error


def killed_in_the_middle(site: str, started: Path) -> None:
    """A worker process that claims the next job and is killed while it runs."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            import frappe
            from frappe.database.sqlite import pool

            pool._idle.clear()
            frappe.local.db._conn = None
            work(site)
        os._exit(0)
    deadline = time.monotonic() + 20
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    started.unlink()


def test_a_job_whose_worker_was_killed_is_done_by_the_next(
    site: str, publish: Callable, store: JobStore, tmp_path: Path
) -> None:
    import frappe

    started, may_end = tmp_path / "started", tmp_path / "may_end"

    def takes_long() -> None:
        started.touch()
        while not may_end.exists():
            time.sleep(0.01)

    frappe.enqueue(publish(takes_long), job_id="long-job")
    killed_in_the_middle(site, started)
    assert background_jobs.get_job_status("long-job") == "started"
    may_end.touch()
    assert work(site) == 1
    assert background_jobs.get_job_status("long-job") is None


def test_a_job_that_kills_its_worker_twice_is_given_up(
    site: str, publish: Callable, store: JobStore, tmp_path: Path
) -> None:
    import frappe

    started = tmp_path / "started"

    def deadly() -> None:
        started.touch()
        time.sleep(60)

    frappe.enqueue(publish(deadly), job_id="deadly")
    killed_in_the_middle(site, started)
    killed_in_the_middle(site, started)
    assert work(site) == 0
    assert background_jobs.get_job_status("deadly") == "failed"
    frappe.db.rollback()
    assert "died twice" in frappe.get_last_doc("Error Log").error


def test_a_deadlock_is_tried_again(
    site: str, publish: Callable, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import frappe

    attempts = []
    monkeypatch.setattr(background_jobs.time, "sleep", lambda seconds: None)

    def deadlocks_twice() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise frappe.QueryDeadlockError("busy")

    frappe.enqueue(publish(deadlocks_twice))
    work(site)
    assert len(attempts) == 3
    assert store.counts() == {}


def test_the_same_scheduled_job_does_not_run_twice_at_once(site: str, publish: Callable) -> None:
    import frappe
    from frappe.utils.synchronization import filelock

    runs = []

    def counts_runs() -> None:
        runs.append(1)

    doc = frappe.get_doc(
        doctype="Scheduled Job Type", method=publish(counts_runs), frequency="All", create_log=1
    )
    doc.insert()
    with filelock(f"scheduled-{doc.name}"):
        doc.execute()
    assert runs == []
    doc.execute()
    assert runs == [1]
    frappe.delete_doc("Scheduled Job Type", doc.name, force=True)
    frappe.db.commit()


def test_the_scheduler_queues_what_is_due_at_a_given_time(site: str, store: JobStore) -> None:
    import frappe
    from frappe.utils import get_datetime
    from frappe.utils.scheduler import enqueue_events, last_heartbeat

    assert last_heartbeat() is None or isinstance(last_heartbeat(), float)
    tomorrow = frappe.utils.add_days(frappe.utils.now_datetime(), 2)
    queued = enqueue_events(now=get_datetime(tomorrow))
    assert "frappe.sessions.clear_expired_sessions" in queued
    waiting = len(store.jobs())
    enqueue_events(now=get_datetime(tomorrow))
    assert len(store.jobs()) == waiting
