"""Where background jobs wait: `sites/<site>/db/jobs.sqlite3`.

huey's SqliteStorage keeps the queues (order, priority, WAL, retries on a locked file). Beside it, the table `job`
knows every job by its id: waiting, claimed by which worker, or failed. Each step is one transaction.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from huey.storage import SqliteStorage

import frappe
from frappe.utils.synchronization import try_lock

KEEP_FAILED_DAYS = 7
MAX_ATTEMPTS = 2
_DDL = """create table if not exists job (id text primary key, queue text not null, status text not null,
    data blob not null, worker text, attempts integer not null default 0, at real not null, error text)"""


@dataclass
class Job:
    """A call to be made later; its arguments must be picklable."""

    id: str
    queue: str
    method: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    user: str | None = None
    timeout: int = 300
    event: str | None = None
    job_name: str | None = None
    on_success: str | None = None
    on_failure: str | None = None
    attempts: int = 0


class JobStore(SqliteStorage):
    """huey's queue storage of one site, with claims."""

    ddl = [*SqliteStorage.ddl, _DDL]

    def __init__(self, filename: str) -> None:
        super().__init__(name="jobs", filename=filename, cache_mb=1, timeout=10, strict_fifo=True)

    def put(self, job: Job, *, at_front: bool = False, unique: bool = False) -> bool:
        """Add a job; with `unique`, False when one of this id waits or runs."""
        data = pickle.dumps(job)
        with self.db(commit=True) as cursor:
            known = cursor.execute("select status from job where id = ?", (job.id,)).fetchone()
            if known and known[0] in ("queued", "started"):
                if unique:
                    return False
                job.id = f"{job.id}#{frappe.generate_hash()[:10]}"  # an id may be in use; both jobs shall run
            cursor.execute(
                "insert or replace into job (id, queue, status, data, at) values (?, ?, 'queued', ?, ?)",
                (job.id, job.queue, data, time.time()),
            )
            self._push(cursor, job.id, job.queue, 1 if at_front else 0)
        return True

    def _push(self, cursor: Any, job_id: str, queue: str, priority: int) -> None:
        cursor.execute(
            "insert into task (queue, data, priority) values (?, ?, ?)", (queue, job_id.encode(), priority)
        )

    def waiting(self) -> bool:
        return bool(self.sql("select 1 from task limit 1", results=True))

    def claim(self, queues: Iterable[str], worker: str) -> Job | None:
        """Take the first job, queues in the given order; it is then `started` by this worker."""
        if not self.waiting():
            return None
        with self.db(commit=True) as cursor:
            for queue in queues:
                row = cursor.execute(
                    "select task.id, job.id, job.data, job.attempts from task"
                    " left join job on job.id = cast(task.data as text)"
                    " where task.queue = ? order by task.priority desc, task.id limit 1",
                    (queue,),
                ).fetchone()
                if not row:
                    continue
                cursor.execute("delete from task where id = ?", (row[0],))
                if row[1] is None:
                    continue
                cursor.execute(
                    "update job set status = 'started', worker = ?, attempts = attempts + 1, at = ? where id = ?",
                    (worker, time.time(), row[1]),
                )
                job = pickle.loads(row[2])
                job.id, job.attempts = row[1], row[3] + 1
                return job
        return None

    def finish(self, job: Job) -> None:
        self.sql("delete from job where id = ?", (job.id,), commit=True)

    def fail(self, job: Job, error: str) -> None:
        """Keep a failed job for a week, for the operator to see."""
        now = time.time()
        with self.db(commit=True) as cursor:
            cursor.execute(
                "update job set status = 'failed', error = ?, at = ? where id = ?",
                (error[-2000:], now, job.id),
            )
            cursor.execute(
                "delete from job where status = 'failed' and at < ?", (now - KEEP_FAILED_DAYS * 86400,)
            )

    def recover(self, locks: str) -> list[Job]:
        """Give back the jobs of dead workers; those that died twice are failed and returned."""
        lost: list[Job] = []
        rows = self.sql("select distinct worker from job where status = 'started'", results=True)
        for (worker,) in rows:
            path = os.path.join(locks, f"worker-{worker}.lock")
            descriptor = try_lock(path)
            if descriptor is None:
                continue
            lost.extend(self._give_back(worker))
            os.unlink(path)
            os.close(descriptor)
        return lost

    def _give_back(self, worker: str) -> list[Job]:
        lost = []
        with self.db(commit=True) as cursor:
            rows = cursor.execute(
                "select id, queue, data, attempts from job where status = 'started' and worker = ?", (worker,)
            ).fetchall()
            for job_id, queue, data, attempts in rows:
                dead = attempts >= MAX_ATTEMPTS
                cursor.execute(
                    "update job set status = ?, worker = null, at = ? where id = ?",
                    ("failed" if dead else "queued", time.time(), job_id),
                )
                if dead:
                    lost.append(pickle.loads(data))
                else:
                    self._push(cursor, job_id, queue, 1)
        return lost

    def status(self, job_id: str) -> str | None:
        rows = self.sql("select status from job where id = ?", (job_id,), results=True)
        return rows[0][0] if rows else None

    def get(self, job_id: str) -> Job | None:
        rows = self.sql("select data from job where id = ?", (job_id,), results=True)
        return pickle.loads(rows[0][0]) if rows else None

    def jobs(self, status: Iterable[str] = ("queued", "started")) -> list[Job]:
        wanted = tuple(status)
        marks = ", ".join("?" * len(wanted))
        rows = self.sql(f"select data from job where status in ({marks}) order by at", wanted, results=True)
        return [pickle.loads(data) for (data,) in rows]

    def size(self, queue: str) -> int:
        return self.sql("select count(*) from task where queue = ?", (queue,), results=True)[0][0]

    def counts(self) -> dict[str, int]:
        """Number of jobs by status."""
        return dict(self.sql("select status, count(*) from job group by status", results=True))

    def clear(self) -> None:
        with self.db(commit=True) as cursor:
            cursor.execute("delete from task")
            cursor.execute("delete from job")


_stores: dict[tuple[int, str], JobStore] = {}


def get_store(site_path: str | None = None) -> JobStore:
    """The store of a site (default: the current one); one per process, its connections are per thread."""
    path = os.path.abspath(os.path.join(site_path or frappe.local.site_path, "db", "jobs.sqlite3"))
    key = (os.getpid(), path)
    store = _stores.get(key)
    if store is None or not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        store = _stores[key] = JobStore(path)
    return store


def forget_store(site_path: str) -> None:
    """Close the files of a site that is about to be deleted."""
    path = os.path.abspath(os.path.join(site_path, "db", "jobs.sqlite3"))
    store = _stores.pop((os.getpid(), path), None)
    if store:
        store.close()


def close_stores() -> None:
    """Before a fork."""
    while _stores:
        _stores.popitem()[1].close()
