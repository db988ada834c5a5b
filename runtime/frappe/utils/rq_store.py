"""Where background jobs wait with Redis: RQ's queues, named as on a stock bench, and RQ's worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import rq
from rq.registry import FailedJobRegistry, StartedJobRegistry

from frappe.utils.background_jobs import KEEP_FAILED_SECONDS, MAX_RUNS, QUEUES
from frappe.utils.cache_store import redis_client

_MAINTENANCE_SECONDS = 60


def _queues(url: str, names: Sequence[str]) -> list[rq.Queue]:
    """Several benches may use one Redis, so the queues carry the path of the bench."""
    bench = os.path.dirname(os.getcwd()).strip("/").replace("/", "-")
    return [SiteQueue(f"{bench}:{name}", connection=redis_client(url)) for name in names]


class RedisJobStore:
    """The same steps as JobStore; what comes after is done by RQ."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, job_id: str, queue: str, payload: dict, timeout: int, unique: bool) -> Any:
        """Add a job; with `unique`, None when one of this id waits or runs."""
        [known] = rq.job.Job.fetch_many([job_id], redis_client(self.url))
        if known and known.get_status() in ("queued", "started"):
            if unique:
                return None
        elif known:  # what is left of it would mix with the new one
            known.delete()
        return _queues(self.url, [queue])[0].enqueue_call(
            "frappe.utils.background_jobs.execute_job",
            kwargs=payload,
            timeout=timeout,
            description=payload["method"],
            job_id=job_id,
            retry=rq.Retry(max=MAX_RUNS),
            failure_ttl=KEEP_FAILED_SECONDS,
        )

    def report(self) -> dict[str, Any]:
        """As JobStore.report; of all sites of the bench."""
        queues = _queues(self.url, list(QUEUES))
        return {
            "queues": {name: queue.count for name, queue in zip(QUEUES, queues, strict=True)},
            "running": sum(StartedJobRegistry(queue=queue).count for queue in queues),
            "workers": sorted({worker.name for queue in queues for worker in rq.Worker.all(queue=queue)}),
            "failed": [name for queue in queues for name in FailedJobRegistry(queue=queue).get_job_ids()],
        }


class SiteQueue(rq.Queue):
    """RQ looks for jobs of dead workers every quarter of an hour; here it does so every minute."""

    def acquire_maintenance_lock(self) -> bool:
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=_MAINTENANCE_SECONDS - 1))


class SiteWorker(rq.Worker):
    """RQ would try failed jobs again; here only those are whose process was killed."""

    def perform_job(self, job: rq.job.Job, queue: rq.Queue) -> bool:
        """In the job's own process; how many tries are left is for the process that watches it to know."""
        job.kwargs["run"] = MAX_RUNS + 1 - (job.retries_left or 0)
        job.retries_left = 0
        return super().perform_job(job, queue)


def work(url: str, names: Sequence[str], burst: bool, quiet: bool) -> int:
    """Run RQ's worker: a process for each job. Jobs of killed workers are taken back in two or three minutes."""
    worker = SiteWorker(
        _queues(url, names),
        connection=redis_client(url),
        maintenance_interval=_MAINTENANCE_SECONDS,
        default_worker_ttl=_MAINTENANCE_SECONDS + 15,  # RQ waits for jobs so long, less 15 seconds
    )
    worker.work(burst=burst, logging_level="WARNING" if quiet else "INFO")
    worker.refresh()
    return worker.successful_job_count + worker.failed_job_count
