"""Worker processes on both profiles: their order, jobs that never end, workers that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ONLY_FILE = pytest.mark.parametrize("profile", ["file"], indirect=True)


@pytest.fixture(params=["file", "redis"])
def profile(
    request: pytest.FixtureRequest, site: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts workers of the test's bench, whose jobs wait in a file or in Redis."""
    import frappe

    config = Path("common_site_config.json")
    before = config.read_text()
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    config.write_text(json.dumps({"redis_cache": url, "redis_queue": url} if url else {}))
    frappe.init(site, force=True)
    frappe.connect()
    frappe.cache.close()
    for path in Path(site).glob("db/jobs.sqlite3*"):
        path.unlink()

    def worker(*options: str) -> subprocess.Popen:
        command = [sys.executable, str(Path(__file__).with_name("worker_jobs.py")), *options]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    yield worker
    config.write_text(before)


def work_off(worker: Callable) -> int:
    """Run a worker until nothing waits; its exit status."""
    process = worker("--burst")
    process.communicate(timeout=60)
    return process.returncode


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"{path} does not appear"
        time.sleep(0.01)
    return path.read_text()


def report() -> dict[str, Any]:
    import frappe
    from frappe.utils.background_jobs import get_store
    from frappe.utils.scheduler import HEARTBEAT_KEY

    return {**get_store().report(), "heartbeat": frappe.cache.get_value(HEARTBEAT_KEY, expires=True)}


def in_another_thread(function: Callable, *args: Any) -> None:
    """With a `frappe.local` of its own."""
    with ThreadPoolExecutor(1) as other:
        other.submit(function, *args).result()


def last_error() -> str:
    import frappe

    frappe.db.rollback()
    return frappe.get_last_doc("Error Log").error


def test_queues_are_served_in_order(profile: Callable, tmp_path: Path) -> None:
    import frappe

    for text, queue in (("a", "long"), ("b", "short"), ("c", "short")):
        frappe.enqueue("frappe.worker_jobs.note", queue, folder=str(tmp_path), text=text)
    assert report()["queues"] == {"short": 2, "default": 0, "long": 1}
    assert work_off(profile) == 0
    assert report()["failed"] == []
    assert (tmp_path / "notes").read_text() == "bca"
    assert report()["queues"] == {"short": 0, "default": 0, "long": 0}


def test_a_job_too_long_is_interrupted_and_reported(profile: Callable, tmp_path: Path) -> None:
    import frappe

    frappe.enqueue("frappe.worker_jobs.takes_until_told", timeout=1, job_id="too-long", folder=str(tmp_path))
    assert work_off(profile) == 0
    [failed] = report()["failed"]
    assert failed.endswith("::too-long")
    assert "maximum timeout" in last_error()
    assert (tmp_path / "notes").read_text() == "x"


def test_a_job_whose_worker_was_killed_is_done_by_the_next(profile: Callable, tmp_path: Path) -> None:
    import frappe

    frappe.enqueue("frappe.worker_jobs.takes_until_told", job_id="long-job", folder=str(tmp_path))
    process = profile()
    with process:
        running = int(wait_for(tmp_path / "started"))  # with RQ, another process than the worker
        assert report()["workers"] != []
        assert report()["running"] == 1
        process.kill()
        if running != process.pid:
            os.kill(running, signal.SIGKILL)
    let_leases_end()
    (tmp_path / "may_end").touch()
    assert work_off(profile) == 0
    assert (tmp_path / "notes").read_text() == "xx"
    left = report()
    assert (left["queues"]["default"], left["running"], left["failed"]) == (0, 0, [])


def let_leases_end() -> None:
    """As if the minutes had passed after which RQ believes a worker dead, and looks."""
    import frappe
    from frappe.utils.cache_store import redis_client

    if url := frappe.conf.get("redis_queue"):
        client = redis_client(url)
        for key in client.scan_iter("rq:wip:*"):
            client.zadd(key, dict.fromkeys(client.zrange(key, 0, -1), 1))
        client.delete(*client.scan_iter("rq:clean_registries:*"))


def test_a_job_that_kills_its_worker_twice_is_given_up(profile: Callable, tmp_path: Path) -> None:
    import frappe

    frappe.enqueue("frappe.worker_jobs.deadly", job_id="deadly", folder=str(tmp_path))
    deaths = 0
    while work_off(profile) != 0:
        deaths += 1
    assert deaths == (0 if frappe.conf.get("redis_queue") else 2)  # RQ's worker outlives its jobs
    assert (tmp_path / "notes").read_text() == "xx"
    assert [job_id.split("::")[1] for job_id in report()["failed"]] == ["deadly"]
    assert "died 2 times" in last_error()


def test_a_worker_that_is_told_to_stop_finishes_its_job(profile: Callable, tmp_path: Path) -> None:
    import frappe

    frappe.enqueue("frappe.worker_jobs.takes_until_told", folder=str(tmp_path))
    with profile() as process:
        wait_for(tmp_path / "started")
        process.terminate()
        (tmp_path / "may_end").touch()
        assert process.wait(timeout=30) == 0
    assert report()["running"] == 0
    assert report()["failed"] == []
    assert report()["workers"] == []


@ONLY_FILE
def test_two_workers_never_get_the_same_job(site: str, profile: Callable) -> None:
    from frappe.utils.job_store import JobStore

    folder = os.path.abspath(site)
    for number in range(60):
        JobStore(folder).put(f"job-{number}", "default", {"method": "m", "number": number}, 300, False)

    def take_all(worker: str) -> list[int]:
        taken = []
        while job := JobStore(folder).claim(["default"], worker):
            taken.append(job.payload["number"])
        return taken

    with ThreadPoolExecutor(3) as threads:
        found = [number for numbers in threads.map(take_all, ("x", "y", "z")) for number in numbers]
    assert sorted(found) == list(range(60))


@ONLY_FILE
def test_the_same_id_once_or_twice(site: str, profile: Callable) -> None:
    import frappe
    from frappe.utils.background_jobs import get_store

    assert frappe.enqueue("frappe.ping", job_id="same", deduplicate=True)
    assert not frappe.enqueue("frappe.ping", job_id="same", deduplicate=True)
    assert frappe.enqueue("frappe.ping", job_id="same")
    assert get_store().report()["queues"]["default"] == 2


def test_a_deadlock_is_tried_again(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import frappe
    from frappe.utils import background_jobs

    attempts = []
    monkeypatch.setattr(background_jobs.time, "sleep", lambda seconds: None)

    def deadlocks_twice() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise frappe.QueryDeadlockError("busy")

    monkeypatch.setattr(background_jobs, "deadlocks_twice", deadlocks_twice, raising=False)
    method = "frappe.utils.background_jobs.deadlocks_twice"
    in_another_thread(background_jobs.execute_job, site, method, {}, "Administrator")
    assert len(attempts) == 3


def test_the_same_scheduled_job_does_not_run_twice_at_once(profile: Callable, tmp_path: Path) -> None:
    import frappe
    from frappe.utils.synchronization import filelock

    doc = frappe.get_doc(
        doctype="Scheduled Job Type", method="frappe.utils.now", frequency="All", create_log=1
    )
    doc.insert()
    with filelock(f"scheduled-{doc.name}"):
        doc.execute()
    assert not frappe.db.exists("Scheduled Job Log", {"scheduled_job_type": doc.name})
    doc.execute()
    assert frappe.db.count("Scheduled Job Log", {"scheduled_job_type": doc.name}) == 1
    frappe.delete_doc("Scheduled Job Type", doc.name, force=True)
    frappe.db.commit()


def test_the_scheduler_queues_what_is_due_at_a_given_time(profile: Callable) -> None:
    import frappe
    from frappe.utils.scheduler import enqueue_events

    later = frappe.utils.add_days(frappe.utils.now_datetime(), 2)
    assert "frappe.sessions.clear_expired_sessions" in enqueue_events(now=later)
    waiting = report()["queues"]
    enqueue_events(now=later)
    assert report()["queues"] == waiting


def test_one_scheduler_at_a_time(site: str, profile: Callable) -> None:
    import frappe
    from frappe.utils.scheduler import enqueue_events_for_all_sites
    from frappe.utils.synchronization import try_to_hold

    frappe.db.set_single_value("System Settings", "enable_scheduler", 1)
    frappe.db.commit()
    with try_to_hold("scheduler", timeout=0, is_global=True):
        in_another_thread(enqueue_events_for_all_sites)
    assert report()["heartbeat"] is None
    in_another_thread(enqueue_events_for_all_sites)
    assert time.time() - report()["heartbeat"] < 60
    frappe.db.set_single_value("System Settings", "enable_scheduler", 0)
    frappe.db.commit()


def test_threads_of_one_process_share_nothing_but_the_file(site: str, profile: Callable) -> None:
    """A web server queues from its threads."""
    import frappe
    from frappe.utils.background_jobs import get_store

    def queue_some() -> None:
        frappe.init(site, force=True)
        for _ in range(5):
            frappe.enqueue("frappe.ping", queue="short")
        frappe.destroy()

    threads = [threading.Thread(target=queue_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get_store().report()["queues"]["short"] == 20
