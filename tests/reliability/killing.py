"""Processes that answer one request, or run one job, each, and may be killed between any two statements.

A point lies before every statement to the database, bulk insert, commit and rollback, and one after every commit,
before its callbacks run. At the chosen one the process kills itself by SIGKILL, so that nothing is tidied up: no
rollback, no callback, no goodbye to the server.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from werkzeug.test import Client

import frappe
import frappe.app
from cn_connect.wechat.gateway import _made_client, pay_client
from market_mgmt import tasks
from tests.sites import Bench

# What a settlement reads and writes.
_BOOKED = (
    *("Market", "Merchant", "Lease", "Stall", "Fee", "Fee Type", "Account Entry", "Receipt", "Receipt Line"),
    *("Receipt Counter", "Market Payment Order", "Payment Order Fee", "Refund", "Sealed Document", "Version"),
    *("Red Card", "Dunning Notice", "Outbox Message", "Cashier Session", "API Idempotency Key", "User"),
)
_STATEMENTS = ("execute", "execute_many", "end_transaction")
_STATEMENTS = ("execute", "execute_many", "end_transaction")
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Request:
    """An HTTP request, answered by the web process's own application; another status than 200 is a failure, unless
    it is among the `refusals`."""

    path: str
    body: str
    headers: dict[str, str] = field(repr=False)
    refusals: tuple[int, ...] = ()

    def __call__(self, bench: Bench) -> None:
        answer = Client(frappe.app.application).post(
            self.path,
            data=self.body.encode(),
            headers={"Content-Type": "application/json", **self.headers},
            base_url=f"http://{bench.site}",
        )
        if answer.status_code not in (200, *self.refusals):
            raise AssertionError(f"{answer.status_code} {answer.get_data(as_text=True)[:2000]}")


@dataclass(frozen=True)
class Job:
    """A scheduled job of `market_mgmt.tasks`, run as the scheduler does."""

    name: str

    def __call__(self, bench: Bench) -> None:
        frappe.init(bench.site, sites_path=".", force=True)
        frappe.connect()
        try:
            getattr(tasks, self.name)()
            frappe.db.commit()
        finally:
            frappe.destroy()


Act = Request | Job
# What a test does to the process before it acts, to see whether the findings show it.
Sabotage = Callable[[], None]


class Master:
    """Like the master of a web server: a process that forks for each act.

    It is started from a process without threads and connections, whatever the caller has open.
    """

    def __init__(self, bench: Bench) -> None:
        self._pipe, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=_serve, args=(bench, theirs))
        self._process.start()
        theirs.close()

    def rehearse(self, act: Act) -> None:
        """Perform the act in the master itself, so that what a process loads for the first one is in its memory."""
        self._ask(act, None)

    def perform(self, act: Act, die_at: int = 0, sabotage: Sabotage | None = None) -> bool:
        """Perform the act in a fresh process that kills itself at point `die_at` (from 1; never if 0).

        True if it was killed, False if it came to its end before. Raises RuntimeError when it failed otherwise.
        """
        status = self._ask(act, (die_at, sabotage))
        if status and not die_at:
            raise RuntimeError("killed by somebody else")
        return bool(status)

    def end(self) -> None:
        self._pipe.close()
        self._process.join()

    def _ask(self, act: Act, ending: tuple[int, Sabotage | None] | None) -> int:
        self._pipe.send((act, ending))
        status, failure = self._pipe.recv()
        if status not in (0, -signal.SIGKILL):
            raise RuntimeError(failure or f"exit code {status}")
        return int(status)


def _serve(bench: Bench, pipe: Any) -> None:
    os.environ["FRAPPE_BENCH_ROOT"] = str(bench.directory)
    os.chdir(bench.sites)
    while True:
        try:
            act, ending = pipe.recv()
        except EOFError:
            return
        if ending is None:
            failure = _perform(bench, act)
            _made_client.cache_clear()  # two processes cannot share a connection to the gateway
            pipe.send((int(bool(failure)), failure))
        else:
            _load(bench)
            pipe.send(_forked(bench, act, *ending))


def _forked(bench: Bench, act: Act, die_at: int, sabotage: Sabotage | None) -> tuple[int, str]:
    """The exit status of a child that performs the act, and what it complained of."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        failure = _perform(bench, act, die_at, sabotage)
        os.write(writing, failure.encode()[-4000:])
        os._exit(bool(failure))
    os.close(writing)
    with os.fdopen(reading, errors="replace") as complaint:
        failure = complaint.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), failure


def _load(bench: Bench) -> None:
    """Have in memory what another process has made us forget since, and the keys, which take long to read."""
    frappe.init(bench.site, sites_path=".", force=True)
    frappe.connect()
    for doctype in _BOOKED:
        frappe.get_meta(doctype)
    pay_client()
    frappe.destroy()


def _perform(bench: Bench, act: Act, die_at: int = 0, sabotage: Sabotage | None = None) -> str:
    """Empty, or the traceback of what went wrong."""
    try:
        if sabotage:
            sabotage()
        if die_at:
            _die_at(bench, die_at)
        act(bench)
    except BaseException:
        return traceback.format_exc()
    return ""


def _die_at(bench: Bench, point: int) -> None:
    """Make every connection of this process count its points, and end with the one that counts."""
    frappe.init(bench.site, sites_path=".", force=True)
    backend: Any = type(frappe.database.get_db())
    frappe.destroy()
    left = point

    def reach() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def run(database: Any, statement: str, *arguments: Any) -> Any:
            reach()
            result = method(database, statement, *arguments)
            if statement == "commit":
                reach()
            return result

        return run

    for name in _STATEMENTS:
        setattr(backend, name, watched(getattr(backend, name)))


def call(method: str, user_key: str, idempotency_key: str, **arguments: Any) -> Request:
    """A call of a whitelisted method by a client that has an API key, and repeats it with the same Idempotency-Key."""
    headers = {"Authorization": f"token {user_key}", "Idempotency-Key": idempotency_key}
    return Request(f"/api/method/{method}", json.dumps(arguments), headers)
