"""`make kill-test`: SIGKILL the web processes while people write, again and again, and look what the site holds.

Each round starts two web processes on the same site, lets several people insert documents with child rows and change
a document, kills every process at a random moment (seeded) and reads the database: what was acknowledged must be
there ("lost"), and no transaction may be there in part ("half"). The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

import frappe
from tests.live import CSRF, SESSION, WebServer
from tests.sites import PASSWORD, Bench, connected, new_bench, new_site

ROLES = ("Market Clerk", "Market Cashier", "Market Leader")
KILL_AFTER = (0.05, 0.6)
ANSWER_SECONDS = 10


@dataclass
class Writer:
    """One person who writes over HTTP; remembers what the server acknowledged and what it did not answer."""

    number: int
    cookies: Any
    token: str
    inserted: list[str] = field(default_factory=list)
    sent_change: int = 0
    kept_change: int = 0
    sent: int = 0
    unanswered: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def own(self) -> str:
        """The document that this person changes again and again."""
        return f"writer{self.number}@kill.test"

    def write(self, base: str, stop: threading.Event) -> None:
        """Insert and change in turn until the server is gone or `stop` is set."""
        with requests.Session() as http:
            http.cookies.update(self.cookies)
            http.headers[CSRF] = self.token
            while not stop.is_set():
                try:
                    self.insert(http, base, f"w{self.number}-{self.sent}@kill.test")
                    self.change(http, base)
                except requests.RequestException:
                    self.unanswered += 1
                    return

    def insert(self, http: requests.Session, base: str, name: str) -> None:
        self.sent += 1
        answer = http.post(f"{base}/api/resource/User", json=user(name), timeout=ANSWER_SECONDS)
        if self.accepted(answer):
            self.inserted.append(name)

    def change(self, http: requests.Session, base: str) -> None:
        self.sent_change += 1
        body = {"last_name": str(self.sent_change)}
        answer = http.put(f"{base}/api/resource/User/{self.own}", json=body, timeout=ANSWER_SECONDS)
        if self.accepted(answer):
            self.kept_change = self.sent_change

    def accepted(self, answer: requests.Response) -> bool:
        if not answer.ok:
            self.refused.append(f"{answer.status_code} {answer.text[:300]}")
        return answer.ok


def user(name: str) -> dict[str, Any]:
    """A document whose insert writes several rows in several tables."""
    return {
        "email": name,
        "first_name": name,
        "send_welcome_email": 0,
        "roles": [{"role": role} for role in ROLES],
    }


@dataclass
class Findings:
    """What the database held after the kills."""

    lost: int = 0
    half: int = 0

    def look(self, bench: Bench, writers: list[Writer]) -> None:
        """Compare the site with what the writers know; count on."""
        with connected(bench):
            ours = {"name": ["like", "%@kill.test"]}
            changes = dict(frappe.get_all("User", ours, ["name", "last_name"], as_list=True))
            roles = Counter(frappe.get_all("Has Role", {"parent": ["like", "%@kill.test"]}, pluck="parent"))
            sqlite = frappe.db.db_type == "sqlite"
            sound = not sqlite or frappe.db.sql("pragma integrity_check")[0][0] == "ok"
        self.half += sum(roles[name] != len(ROLES) for name in {*changes, *roles}) + (not sound)
        for writer in writers:
            self.lost += sum(name not in changes for name in writer.inserted)
            self.lost += not writer.kept_change <= int(changes[writer.own] or 0) <= writer.sent_change


def run(bench: Bench, kills: int, people: int, seed: int) -> dict[str, Any]:
    """Kill `kills` times; the figures of the JSON line. RuntimeError when a healthy server refuses a write."""
    chance = random.Random(seed)
    findings, writers = Findings(), first_writers(bench, people)
    began = time.monotonic()
    for done in range(1, kills + 1):
        server = WebServer(bench, "--workers", "2")
        server.start()
        stop = threading.Event()
        threads = [threading.Thread(target=w.write, args=(server.base, stop)) for w in writers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(*KILL_AFTER))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        findings.look(bench, writers)
        progress(done, kills, findings)
        if refused := [text for writer in writers for text in writer.refused]:
            raise RuntimeError(f"a write was refused: {refused[0]}")
    return {
        "kills": kills,
        "lost": findings.lost,
        "half": findings.half,
        "acknowledged": sum(len(w.inserted) + w.kept_change for w in writers),
        "cut_off": sum(w.unanswered for w in writers),
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
    }


def first_writers(bench: Bench, people: int) -> list[Writer]:
    """Sign in once (sessions outlive the kills too) and make each writer's own document."""
    server = WebServer(bench)
    server.start()
    try:
        with requests.Session() as http:
            http.post(
                f"{server.base}/api/method/login", json={"usr": "Administrator", "pwd": PASSWORD}
            ).raise_for_status()
            told = http.get(f"{server.base}/api/method/{SESSION}").json()["message"]
            token = http.headers[CSRF] = told["csrf_token"]
            writers = [Writer(number, http.cookies.copy(), token) for number in range(people)]
            for writer in writers:
                http.post(f"{server.base}/api/resource/User", json=user(writer.own)).raise_for_status()
    finally:
        server.stop()
    return writers


def progress(done: int, kills: int, findings: Findings) -> None:
    ending = "\n" if done == kills else ""
    print(
        f"\r杀死 {done}/{kills} 次，丢失 {findings.lost}，残缺 {findings.half}",
        end=ending,
        file=sys.stderr,
        flush=True,
    )


def main() -> int:
    """0 when nothing was lost or half written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-test-") as directory:
        bench = new_bench(Path(directory))
        new_site(bench)
        result = run(bench, options.kills, options.people, options.seed)
    print(json.dumps(result))
    return 0 if result["lost"] == result["half"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
