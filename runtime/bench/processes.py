"""Child processes of `bench start`: forked into groups of their own, restarted when they die, ended together."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import frappe
from frappe.database import pool

STOP_SECONDS = 10
PAUSE_SECONDS = 3  # from one start of a child to the next
QUICK_DEATH_SECONDS = 5
MAX_QUICK_DEATHS = 5
MAX_LOG_BYTES = 5_000_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1
# Forking after the imports makes a child ready at once and shares their memory.
_fork = multiprocessing.get_context("fork")


@dataclass
class Child:
    """One process: what it runs, where its output goes, and how it has fared."""

    name: str
    target: Callable[[], object]
    log: Path
    process: BaseProcess | None = None
    started: float = 0.0
    quick_deaths: int = 0

    def start(self) -> None:
        pool.close_all()  # what is open to SQLite in this process stays in this process
        frappe.cache.close()
        self.started = time.monotonic()
        self.process = _fork.Process(target=_run, args=(self.target, self.log))
        self.process.start()

    def died(self) -> None:
        self.signal(signal.SIGKILL)
        self.process = None
        quick = time.monotonic() - self.started < QUICK_DEATH_SECONDS
        self.quick_deaths = self.quick_deaths + 1 if quick else 0

    def signal(self, number: int) -> None:
        """To its whole group, which may outlive it."""
        if self.process and self.process.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """Starts the children and looks after them until told to stop."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.stopping = False
        self.failed: Child | None = None
        for number in SIGNALS:
            signal.signal(number, self.request_stop)

    def request_stop(self, *_: object) -> None:
        self.stopping = True

    def start(self) -> None:
        for child in self.children:
            if child.log.exists() and child.log.stat().st_size > MAX_LOG_BYTES:
                child.log.replace(child.log.with_suffix(".log.1"))  # one older log is kept
            child.start()

    @property
    def running(self) -> bool:
        """False when a signal asked to stop, or a child keeps dying (then `failed` says which)."""
        return not self.stopping and self.failed is None

    def look_after(self) -> bool:
        """Notice who died, start again whoever's pause is over; tells whether any was started."""
        restarted = False
        for child in self.children:
            if child.process and not child.process.is_alive():
                child.died()
                if child.quick_deaths >= MAX_QUICK_DEATHS:
                    self.failed = child
            elif not child.process and time.monotonic() >= child.started + PAUSE_SECONDS:
                child.start()
                restarted = True
        return restarted

    def stop(self) -> None:
        """SIGTERM to every group, SIGKILL to what is left after STOP_SECONDS."""
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.signal(signal.SIGTERM)
        for child in self.children:
            if child.process:
                child.process.join(max(deadline - time.monotonic(), 0))
                child.signal(signal.SIGKILL)  # also grandchildren that outlived it
                child.process.join()


def _run(target: Callable[[], object], log: Path) -> None:
    """In the child: a group of its own; and an end of its own should the supervisor be killed outright."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    target()
