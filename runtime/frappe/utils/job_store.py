"""Where background jobs wait without Redis: `sites/<site>/db/jobs.sqlite3`, one row for each."""

from __future__ import annotations

import glob
import os
import pickle
import time
from collections.abc import Sequence
from typing import Any

import frappe
from frappe.utils.background_jobs import KEEP_FAILED_SECONDS, QUEUES
from frappe.utils.cache_store import open_file
from frappe.utils.synchronization import try_lock

WORKER_LOCK = "locks/worker-{}.lock"  # of the bench; a worker holds one as long as it lives
_SCHEMA = """
create table if not exists job (number integer primary key, id text not null, queue text not null,
    status text not null, timeout integer not null, payload blob not null, worker text,
    runs integer not null default 0, failed_at real);
create index if not exists job_id on job (id);
create index if not exists job_waiting on job (status, queue);
"""


class JobStore:
    """Each step is one statement, so one transaction. A status is queued, started or failed; finished jobs go."""

    def __init__(self, site_path: str) -> None:
        self.db = open_file(os.path.join(site_path, "db", "jobs.sqlite3"), _SCHEMA, "normal")

    def put(self, job_id: str, queue: str, payload: dict, timeout: int, unique: bool) -> Any:
        """Add a job; with `unique`, None when one of this id waits or runs."""
        added = self.db.execute(
            "insert into job (id, queue, status, timeout, payload) select ?1, ?2, 'queued', ?3, ?4 where not"
            " (?5 and exists (select 1 from job where id = ?1 and status in ('queued', 'started')))",
            (job_id, queue, timeout, pickle.dumps(payload), unique),
        )
        return frappe._dict(id=job_id) if added.rowcount else None

    def claim(self, queues: Sequence[str], worker: str) -> Any:
        """The first job, queues in the given order, which is then `started` by this worker; None if none waits."""
        rows = self.db.execute(
            "update job set status = 'started', worker = ?2, runs = runs + 1 where number ="
            " (select number from job where status = 'queued' and instr(?1, queue)"
            " order by instr(?1, queue), number limit 1) returning number, timeout, runs, payload",
            (",".join(queues), worker),  # no name of a queue is part of another's
        ).fetchall()
        for number, timeout, runs, payload in rows:
            return frappe._dict(number=number, timeout=timeout, run=runs, payload=pickle.loads(payload))
        return None

    def finish(self, number: int) -> None:
        self.db.execute("delete from job where number = ?", (number,))

    def fail(self, number: int) -> None:
        """Keep a failed job for a week, for the operator to see. Its Error Log row tells why."""
        now = time.time()
        self.db.execute("update job set status = 'failed', failed_at = ? where number = ?", (now, number))
        self.db.execute("delete from job where failed_at < ?", (now - KEEP_FAILED_SECONDS,))

    def recover(self) -> None:
        """Give back the jobs of dead workers; their numbers put them before later ones."""
        started = self.db.execute("select worker from job where status = 'started'").fetchall()
        alive = workers()  # asked after: a new worker may claim a job in between
        for (worker,) in started:
            if worker not in alive:
                sql = "update job set status = 'queued' where status = 'started' and worker = ?"
                self.db.execute(sql, (worker,))

    def report(self) -> dict[str, Any]:
        """For the operator: `queues` (waiting jobs by queue), `running` (how many), `workers` (names of the living) and
        `failed` (ids of those of the last week; the Error Log tells why)."""
        jobs = self.db.execute("select id, queue, status from job").fetchall()
        waiting = [queue for _id, queue, status in jobs if status == "queued"]
        return {
            "queues": {queue: waiting.count(queue) for queue in QUEUES},
            "running": sum(status == "started" for _id, _queue, status in jobs),
            "workers": workers(),
            "failed": [job_id for job_id, _queue, status in jobs if status == "failed"],
        }


def workers() -> list[str]:
    """Lock files of the living workers of this bench; those of dead ones are removed."""
    living = []
    for path in glob.glob(WORKER_LOCK.format("*")):
        descriptor = try_lock(path)
        if descriptor is None:
            living.append(path)
        else:
            os.unlink(path)
            os.close(descriptor)
    return living
