"""The requests that are measured, and `wrk`, which sends them.

wrk is a C program with one event loop: it answers to 100,000 requests a second on a fraction of a core, so what is
measured is the server. It sends one prepared request over and over; wrk.lua prints the figures.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from benchmarks.targets import Target

CONNECTIONS = 8
_SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Case:
    """One kind of request: what it is called, who sends it, and what."""

    name: str
    label: str
    user: str | None
    path: str
    body: str = ""

    @property
    def method(self) -> str:
        return "POST" if self.body else "GET"


@dataclass(frozen=True)
class Measured:
    """What one run of wrk found."""

    per_second: float
    p50_ms: float
    p99_ms: float


def cases(data: dict[str, Any]) -> list[Case]:
    """The same for every target, with the names that its data have there."""
    columns = ["name", "merchant", "stall", "fee_type", "period", "amount", "due_date", "status"]
    rows = [{"area": area} for area in data["areas"]]
    staff = {"market": data["market"], "staff_name": "员工", "gender": "Female", "areas": rows}
    query = requests.models.PreparedRequest()
    query.prepare_url("http://x/api/resource/Fee", {"fields": json.dumps(columns), "limit_page_length": "20"})
    return [
        Case("ping", "ping（已登录）", "clerk", "/api/method/ping"),
        Case("ping_guest", "ping（游客）", None, "/api/method/ping"),
        Case("fees", "商户待缴费用", "merchant", "/api/method/market_mgmt.api.merchant.fees"),
        Case("read", "读一个单据（含子表）", "clerk", f"/api/resource/Fee/{data['fee']}"),
        Case("list", "列表 20 行", "clerk", query.path_url),
        Case(
            "insert",
            "新增单据（含两行子表）",
            "clerk",
            "/api/resource/Market Staff".replace(" ", "%20"),
            json.dumps(staff),
        ),
    ]


class Client:
    """Sends the cases to one target with the sessions it needs."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.cases = {case.name: case for case in cases(target.data)}
        users = {case.user for case in self.cases.values() if case.user}
        self._sessions = {user: target.sign_in(target.data[user]) for user in users}

    def headers(self, case: Case) -> dict[str, str]:
        headers = {"Host": self.target.bench.site, "Accept": "application/json"}
        if case.user:
            headers |= self._sessions[case.user]
        return headers

    def answer(self, name: str) -> Any:
        """The answer to one request, so that targets can be held against each other."""
        case = self.cases[name]
        headers = {**self.headers(case), **({"Content-Type": "application/json"} if case.body else {})}
        url = self.target.base + case.path
        answer = requests.request(case.method, url, headers=headers, data=case.body.encode(), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def run(self, name: str, seconds: float) -> Measured:
        """Send one case for so many seconds over CONNECTIONS connections; every answer must be a success."""
        case = self.cases[name]
        command = [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds:g}s",
            "--timeout",
            "30s",
            "-s",
            str(_SCRIPT),
        ]
        for header, value in self.headers(case).items():
            command += ["-H", f"{header}: {value}"]
        command += [self.target.base + case.path, "--", case.method, case.body]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
        found = json.loads(done.stdout.splitlines()[-1])
        if found["refused"] or found["broken"] or not found["requests"]:
            raise RuntimeError(f"{self.target.name}, {name}: not every answer was a success: {found}")
        return Measured(found["requests"] / found["seconds"], found["p50_ms"], found["p99_ms"])


def wrk_is_there() -> bool:
    return shutil.which("wrk") is not None


def middle(runs: list[Measured]) -> Measured:
    """The median of every figure over the rounds."""
    return Measured(
        statistics.median(run.per_second for run in runs),
        statistics.median(run.p50_ms for run in runs),
        statistics.median(run.p99_ms for run in runs),
    )
