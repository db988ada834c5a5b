"""`bench start`: everything comes up together and ends together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.root import Bench
from bench.start import configure_sites

_SERVER = "import http.server as h, sys; h.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), h.SimpleHTTPRequestHandler).serve_forever()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(condition: Any, seconds: float = 40) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").read_text().split(")")[1].startswith(" Z")


class Started:
    """A running `bench start`."""

    def __init__(self, bench: Path, *arguments: str) -> None:
        self.log = bench / "start.log"
        self.state_file = bench / "sites" / "one.test" / ".runtime.json"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench", "start", "--prepare", *arguments],
                cwd=bench,
                env={**os.environ, "FRAPPE_BENCH_ROOT": str(bench)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def state(self) -> dict:
        wait(lambda: self.state_file.exists() or self.process.poll() is not None)
        assert self.state_file.exists(), self.log.read_text()
        return json.loads(self.state_file.read_text())

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def configured(empty_bench: Path) -> Path:
    """One site, a free port, and one extra process that wants an entry in site_config.json."""
    port = free_port()
    config = json.loads((empty_bench / "bench-config.json").read_text())
    config["ports"] = {"web": free_port()}
    config["web_workers"] = 1
    config["processes"] = {
        "extra": {
            "command": ["{python}", "-c", _SERVER, "{port}"],
            "port": port,
            "site_config": ["{python}", "-c", "import json; print(json.dumps({{'gateway': '{url}'}}))"],
        }
    }
    (empty_bench / "bench-config.json").write_text(json.dumps(config))
    return empty_bench


@pytest.fixture
def started(configured: Path) -> Iterator[Started]:
    running = Started(configured)
    yield running
    if running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGKILL)


def test_all_come_up_and_all_end(configured: Path, started: Started) -> None:
    state = started.state()
    urls, pids = state["urls"], list(state["processes"].values())
    with urllib.request.urlopen(f"{urls['web']}/api/method/ping") as answer:
        assert json.load(answer) == {"message": "pong"}
    with urllib.request.urlopen(urls["extra"]) as answer:
        assert answer.status == 200
    config = json.loads((configured / "sites" / "one.test" / "site_config.json").read_text())
    assert config["gateway"] == urls["extra"]
    assert config["host_name"] == urls["web"]
    assert set(state["processes"]) == {"web", "worker-short", "worker-long", "scheduler", "extra"}
    wait(lambda: "按 Ctrl-C 结束" in started.log.read_text())
    assert urls["web"] in started.log.read_text()
    assert started.stop() == 0
    assert not any(alive(pid) for pid in pids)
    assert not started.state_file.exists()


@pytest.mark.parametrize(
    ("configured_address", "expected"),
    [
        (None, "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8000"),
        ("https://market.example.cn", "https://market.example.cn"),
    ],
)
def test_the_address_that_an_operator_has_set_is_kept(
    tmp_path: Path, configured_address: str | None, expected: str
) -> None:
    site = tmp_path / "sites" / "one.test"
    site.mkdir(parents=True)
    (site / "site_config.json").write_text(
        json.dumps({"host_name": configured_address} if configured_address else {})
    )
    configure_sites(Bench(tmp_path), {"web": "http://127.0.0.1:8000"})
    assert json.loads((site / "site_config.json").read_text())["host_name"] == expected


def test_a_busy_port_is_replaced_and_said(configured: Path) -> None:
    wanted = json.loads((configured / "bench-config.json").read_text())["ports"]["web"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", wanted))
        taken.listen()
        running = Started(configured)
        try:
            url = running.state()["urls"]["web"]
            assert url != f"http://127.0.0.1:{wanted}"
            assert f"端口 {wanted} 已被占用" in running.log.read_text()
        finally:
            running.stop(signal.SIGTERM)


def test_a_second_start_is_refused(configured: Path, started: Started) -> None:
    started.state()
    second = Started(configured)
    assert second.process.wait(30) == 1
    assert "已经在运行" in second.log.read_text()
    assert started.stop() == 0


def test_a_process_that_dies_is_started_again(started: Started) -> None:
    state = started.state()
    first = state["processes"]["web"]
    os.kill(first, signal.SIGKILL)

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{state['urls']['web']}/api/method/ping", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    wait(lambda: started.state()["processes"]["web"] != first)
    wait(answers)
    assert started.stop() == 0


def test_a_process_that_cannot_run_stops_everything_with_its_reason(configured: Path) -> None:
    path = configured / "bench-config.json"
    config = json.loads(path.read_text())
    config["processes"]["extra"]["command"] = ["{python}", "-c", "raise SystemExit('no key')"]
    path.write_text(json.dumps(config))
    running = Started(configured)
    assert running.process.wait(60) == 1
    assert "extra" in running.log.read_text()
    assert "no key" in running.log.read_text()


def test_killing_the_supervisor_outright_ends_its_children(started: Started) -> None:
    pids = list(started.state()["processes"].values())
    started.stop(signal.SIGKILL)
    wait(lambda: not any(alive(pid) for pid in pids))


def test_a_given_password_of_administrator_is_taken_and_not_shown(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "given-Kx7_veranda")
    running = Started(configured)
    url = running.state()["urls"]["web"]
    body = json.dumps({"usr": "Administrator", "pwd": "given-Kx7_veranda"}).encode()
    request = urllib.request.Request(
        f"{url}/api/method/login", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    wait(lambda: "按 Ctrl-C 结束" in running.log.read_text())
    assert running.stop() == 0
    assert "Administrator /" not in running.log.read_text()
