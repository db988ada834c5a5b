"""Child processes of `bench start`: started in groups of their own, restarted when they die, ended together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10
QUICK_DEATH_SECONDS = 5
MAX_QUICK_DEATHS = 5
MAX_LOG_BYTES = 5_000_000
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process: a function run in a fork, or a command."""

    name: str
    target: Callable[[], None] | None = None
    command: list[str] | None = None
    cwd: Path | None = None
    pid: int | None = None
    started: float = 0.0
    quick_deaths: int = 0
    restart_at: float | None = None
    environment: dict[str, str] = field(default_factory=dict)


class Supervisor:
    """Starts the children and looks after them until told to stop."""

    def __init__(
        self,
        children: list[Child],
        logs: Path,
        before_fork: Callable[[], None] = lambda: None,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self.children = children
        self.before_fork = before_fork
        self.on_restart = on_restart
        self.logs = logs
        self.stopping = False
        self.failed: Child | None = None
        logs.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        for child in self.children:
            _rotate(self.log_path(child))
            self._start(child)

    def watch(self) -> None:
        """Return when a signal asked to stop, or a child keeps dying (then `failed` says which)."""
        while not self.stopping and self.failed is None:
            self.look_after()
            time.sleep(0.2)

    def look_after(self) -> None:
        """Notice who died, start again whoever's pause is over."""
        self.reap()
        for child in self.children:
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._start(child)
                self.on_restart()

    def request_stop(self, *_: object) -> None:
        self.stopping = True

    def reap(self) -> None:
        for child in self.children:
            if child.pid is None:
                continue
            with contextlib.suppress(ChildProcessError):
                pid, _status = os.waitpid(child.pid, os.WNOHANG)
                if pid:
                    self._died(child)

    def _died(self, child: Child) -> None:
        _kill_group(child.pid, signal.SIGKILL)
        child.pid = None
        quick = time.monotonic() - child.started < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 0
        if child.quick_deaths >= MAX_QUICK_DEATHS:
            self.failed = child
        child.restart_at = time.monotonic() + min(2**child.quick_deaths, 30) * 0.5

    def stop(self) -> None:
        """SIGTERM to every group, SIGKILL to what is left after STOP_SECONDS."""
        for child in self.children:
            child.restart_at = None
            _kill_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while any(self._running()) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            _kill_group(child.pid, signal.SIGKILL)
            if child.pid is not None:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child.pid, 0)

    def _running(self) -> Iterator[bool]:
        for child in self.children:
            if child.pid is None:
                continue
            with contextlib.suppress(ChildProcessError):
                pid, _status = os.waitpid(child.pid, os.WNOHANG)
                if pid:
                    _kill_group(child.pid, signal.SIGKILL)  # grandchildren that outlived it
                    child.pid = None
                    continue
                yield True

    def log_path(self, child: Child) -> Path:
        return self.logs / f"{child.name}.log"

    def _start(self, child: Child) -> None:
        child.started, child.restart_at = time.monotonic(), None
        log = open(self.log_path(child), "ab", buffering=0)  # noqa: SIM115 - handed to the child
        with log:
            if child.command:
                child.pid = subprocess.Popen(
                    child.command,
                    cwd=child.cwd,
                    env={**os.environ, **child.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_become_group,
                ).pid
            else:
                child.pid = self._fork(child, log.fileno())

    def _fork(self, child: Child, log: int) -> int:
        """Forking after the imports makes a child ready at once and shares their memory."""
        self.before_fork()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            _become_group()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            assert child.target is not None
            child.target()
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)


def _rotate(log: Path) -> None:
    """One older log is kept."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _become_group() -> None:
    """A group of its own; and an end of its own should the supervisor be killed outright (Linux)."""
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _kill_group(pid: int | None, number: int) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
