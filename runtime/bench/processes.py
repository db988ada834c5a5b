"""Child processes of `bench start`: forked into groups of their own, restarted when they die, ended together."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

STOP_SECONDS = 10
QUICK_DEATH_SECONDS = 5
MAX_QUICK_DEATHS = 5
MAX_LOG_BYTES = 5_000_000
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Forking after the imports makes a child ready at once and shares their memory.
_fork = multiprocessing.get_context("fork")


@dataclass
class Child:
    """One process: what it runs, and how it has fared."""

    name: str
    target: Callable[[], object]
    process: BaseProcess | None = None
    started: float = 0.0
    quick_deaths: int = 0
    restart_at: float | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def signal(self, number: int) -> None:
        """To its whole group, which may outlive it."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def command(arguments: list[str], cwd: Path) -> Callable[[], object]:
    """A child that becomes another program."""

    def run() -> None:
        os.chdir(cwd)
        os.execvp(arguments[0], arguments)

    return run


class Supervisor:
    """Starts the children and looks after them until told to stop."""

    def __init__(
        self,
        children: list[Child],
        logs: Path,
        before_fork: Callable[[], None] = lambda: None,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self.children, self.logs = children, logs
        self.before_fork, self.on_restart = before_fork, on_restart
        self.stopping = False
        self.failed: Child | None = None
        logs.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        for child in self.children:
            log = self.log_path(child)
            if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
                log.replace(log.with_suffix(".log.1"))  # one older log is kept
            self._start(child)

    def watch(self) -> None:
        """Return when a signal asked to stop, or a child keeps dying (then `failed` says which)."""
        while not self.stopping and self.failed is None:
            self.look_after()
            time.sleep(0.2)

    def look_after(self) -> None:
        """Notice who died, start again whoever's pause is over."""
        for child in self.children:
            if child.process and not child.process.is_alive():
                self._died(child)
            elif child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._start(child)
                self.on_restart()

    def request_stop(self, *_: object) -> None:
        self.stopping = True

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

    def log_path(self, child: Child) -> Path:
        return self.logs / f"{child.name}.log"

    def _died(self, child: Child) -> None:
        child.signal(signal.SIGKILL)
        child.process = None
        quick = time.monotonic() - child.started < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 0
        if child.quick_deaths >= MAX_QUICK_DEATHS:
            self.failed = child
        child.restart_at = time.monotonic() + min(2**child.quick_deaths, 30) * 0.5

    def _start(self, child: Child) -> None:
        child.started, child.restart_at = time.monotonic(), None
        self.before_fork()
        child.process = _fork.Process(target=_run, args=(child.target, self.log_path(child)))
        child.process.start()


def _run(target: Callable[[], object], log: Path) -> None:
    """In the child: a group of its own; and an end of its own should the supervisor be killed outright (Linux)."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    target()
