"""The worker: claims jobs of all sites of a bench and runs them one after another.

Each worker holds a lock file; a worker that was killed no longer does, which is how others know that its job is
free. A job that runs longer than its timeout is interrupted by a signal in the main thread.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from types import FrameType

import frappe
from frappe.utils.background_jobs import DEFAULT_TIMEOUTS, execute_job
from frappe.utils.job_store import Job, JobStore, get_store
from frappe.utils.synchronization import try_lock

POLL_SECONDS = 0.25
RECOVER_SECONDS = 10


class JobTimeoutException(Exception):
    """The job ran longer than it may."""


class Worker:
    """Works for the given sites until stopped."""

    def __init__(self, sites: list[str], queues: list[str] | None = None, sites_path: str = ".") -> None:
        self.sites = sites
        self.queues = queues or list(DEFAULT_TIMEOUTS)
        self.sites_path = os.path.abspath(sites_path)
        self.name = uuid.uuid4().hex[:12]
        self.stopping = threading.Event()
        self.done = 0

    def work(self, burst: bool = False) -> int:
        """Run jobs until stopped (burst: until none waits); returns how many ran."""
        with self._alive():
            next_recovery = 0.0
            while not self.stopping.is_set():
                if time.monotonic() >= next_recovery:
                    self.recover()
                    next_recovery = time.monotonic() + RECOVER_SECONDS
                if self._run_one():
                    continue
                if burst:
                    break
                self.stopping.wait(POLL_SECONDS)
        return self.done

    def stop(self, signum: int | None = None, frame: FrameType | None = None) -> None:
        """Finish the present job, then end."""
        self.stopping.set()

    def recover(self) -> None:
        for site in self.sites:
            for job in self._store(site).recover(self._locks(site)):
                self._report(site, job, "The worker died twice while it ran this job.")

    def _run_one(self) -> bool:
        for site in self.sites:
            store = self._store(site)
            job = store.claim(self.queues, self.name)
            if job:
                self.done += 1
                self._execute(site, store, job)
                return True
        return False

    def _execute(self, site: str, store: JobStore, job: Job) -> None:
        with _saved_local():
            try:
                with time_limit(job.timeout):
                    frappe.init(site, sites_path=self.sites_path, force=True)
                    execute_job(site, job.method, job.event, job.job_name, job.kwargs, job.user)
            except Exception as error:
                store.fail(job, f"{type(error).__name__}: {error}")
                self._callback(site, job, job.on_failure, error)
            else:
                store.finish(job)
                self._callback(site, job, job.on_success, None)

    def _callback(self, site: str, job: Job, method: str | None, error: Exception | None) -> None:
        if not method:
            return
        with contextlib.suppress(Exception):  # reported in Error Log by execute_job
            frappe.init(site, sites_path=self.sites_path, force=True)
            execute_job(
                site,
                method,
                kwargs={"job_id": job.id, "error": repr(error) if error else None},
                user=job.user,
            )

    def _report(self, site: str, job: Job, message: str) -> None:
        with _saved_local():
            frappe.init(site, sites_path=self.sites_path, force=True)
            try:
                frappe.connect()
                frappe.log_error(title=job.method[:140], message=f"{message}\n{job}")
                frappe.db.commit()
            finally:
                frappe.destroy()

    def _store(self, site: str) -> JobStore:
        return get_store(os.path.join(self.sites_path, site))

    def _locks(self, site: str) -> str:
        folder = os.path.join(self.sites_path, site, "locks")
        os.makedirs(folder, exist_ok=True)
        return folder

    @contextlib.contextmanager
    def _alive(self) -> Iterator[None]:
        """Hold this worker's lock file on every site."""
        held = []
        for site in self.sites:
            path = os.path.join(self._locks(site), f"worker-{self.name}.lock")
            held.append((path, try_lock(path)))
        try:
            yield
        finally:
            for path, descriptor in held:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                if descriptor is not None:
                    os.close(descriptor)


@contextlib.contextmanager
def _saved_local() -> Iterator[None]:
    """A job destroys `frappe.local`; a caller in the same thread (a test) gets its own back."""
    from frappe.context import local

    saved = dict(local)
    try:
        yield
    finally:
        for name, value in saved.items():
            setattr(local, name, value)


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise JobTimeoutException in this block after `seconds`; only possible in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise JobTimeoutException(f"Task exceeded maximum timeout value ({seconds} seconds)")

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def main(
    queues: list[str] | None = None, burst: bool = False, quiet: bool = False, sites_path: str = "."
) -> int:
    """Run a worker for all sites of the bench until SIGTERM or SIGINT."""
    from frappe.utils import get_sites

    worker = Worker(get_sites(sites_path), queues, sites_path)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    return worker.work(burst=burst)
