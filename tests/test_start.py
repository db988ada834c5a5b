"""`bench start --prepare` on the repository's own configuration: everything comes up, is told, and ends together."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live import free_port
from tests.sites import ROOT, servers

READY = "按 Ctrl-C 结束"
WAIT_SECONDS = 60
pytestmark = pytest.mark.xdist_group("start")


class Started:
    """A running `bench start --prepare`."""

    def __init__(self, directory: Path) -> None:
        self.site = json.loads((directory / "bench-config.json").read_text())["default_site"]
        self.config = directory / "sites" / self.site / "site_config.json"
        self.log = directory / "start.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench", "start", "--prepare"],
                cwd=directory,
                env={**os.environ, "FRAPPE_BENCH_ROOT": str(directory)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # as in a terminal, although this shell may ignore it
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def ready(self) -> str:
        """What it has said when everything is up."""
        wait_until(lambda: READY in self.said or self.process.poll() is not None)
        assert READY in self.said, self.said
        return self.said

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(WAIT_SECONDS)

    def kill(self) -> None:
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    """Every process that this one and its children started and that has not been given away."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, open_ends = [], [pid]
    while open_ends:
        children = parents.get(open_ends.pop(), [])
        found += children
        open_ends += children
    return found


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended and waits to be noticed does not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench directory with the repository's configuration, but other ports and no demonstration data."""
    config = json.loads((ROOT / "bench-config.json").read_text())
    config["ports"] = {name: free_port() for name in config["ports"]}
    for process in config["processes"].values():
        process["port"] = free_port()
    for site in config["sites"].values():
        site.pop("demo")
    if servers():
        config |= {"profile": "server", "server": servers()}
    folder = tmp_path_factory.mktemp("start")
    configure(folder, config)
    return folder


def configure(folder: Path, config: dict[str, Any]) -> None:
    """Write the configuration with a site of a new name: on a server it decides on the database, which all share."""
    text = json.dumps(config).replace(config["default_site"], f"{secrets.token_hex(4)}.localhost")
    (folder / "bench-config.json").write_text(text)


@pytest.fixture
def started(directory: Path) -> Iterator[Started]:
    running = Started(directory)
    yield running
    running.kill()


def address(said: str, name: str) -> str:
    return next(line.split()[-1] for line in said.splitlines() if line.strip().startswith(name))


def test_the_first_start_makes_the_site_and_ctrl_c_ends_everything(directory: Path, started: Started) -> None:
    # Given an empty directory with a configuration, when the bench is started
    said = started.ready()

    # Then it says that it makes the site, and where everything is
    assert f"创建站点 {started.site}" in said
    page = requests.get(address(said, "网页"), timeout=30)
    page.encoding = "utf-8"
    assert page.status_code == 200
    assert 'lang="zh' in page.text
    assert "<h1>菜篮子市场管理系统</h1>" in page.text
    assert requests.get(address(said, "simulators"), timeout=30).ok

    # And the password of Administrator, which was made up and is kept nowhere
    password = re.search(r"Administrator / (\S+)\n", said)
    assert password and len(password[1]) >= 16
    form = {"usr": "Administrator", "pwd": password[1]}
    assert requests.post(f"{address(said, '网页')}/api/method/login", data=form, timeout=30).ok
    kept = subprocess.run(
        ["grep", "-rlF", password[1], str(directory)], capture_output=True, text=True, check=False
    )
    assert kept.stdout.splitlines() == [str(started.log)]

    # When Ctrl-C is pressed
    processes = descendants(started.process.pid)
    assert started.interrupt() == 0

    # Then all that ran has ended, and it says so
    assert len(processes) >= 5
    assert [pid for pid in processes if alive(pid)] == []
    assert started.said.rstrip().endswith("已全部停止。")


def test_jobs_are_done_by_the_workers(directory: Path, started: Started) -> None:
    # Given a bench that runs
    started.ready()

    def execute(method: str, /, **arguments: Any) -> str:
        command = [sys.executable, "-m", "bench", "execute", method, "--kwargs", json.dumps(arguments)]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    # When a job is queued by another process
    execute("frappe.enqueue", method="frappe.client.insert", doc={"doctype": "Role", "role_name": "Guard"})

    # Then it is done
    wait_until(lambda: "Guard" in execute("frappe.db.exists", dt="Role", dn="Guard"))


def test_a_second_start_makes_nothing_again(started: Started, directory: Path) -> None:
    # Given a bench that was started before (by the test above, or now)
    started.ready()
    started.interrupt()

    # When it is started once more
    again = Started(directory)
    try:
        said = again.ready()
    finally:
        again.kill()

    # Then nothing is created or updated
    assert "创建站点" not in said
    assert "Administrator / " not in said
    assert "更新站点" not in said


@pytest.fixture
def making(directory: Path, tmp_path: Path) -> Iterator[Started]:
    """A first start that is just making its site."""
    configure(tmp_path, json.loads((directory / "bench-config.json").read_text()))
    running = Started(tmp_path)
    wait_until(lambda: running.config.exists() or running.process.poll() is not None)
    assert running.config.exists(), running.said
    yield running
    running.kill()


def test_ctrl_c_while_the_site_is_being_made_leaves_none(making: Started) -> None:
    assert making.interrupt() == 130

    assert not making.config.parent.exists()
    assert "没有建完的站点已删除" in making.said
    assert "Traceback" not in making.said


def test_a_site_whose_making_was_cut_off_is_made_anew(tmp_path: Path, making: Started) -> None:
    # Given a start that was killed outright while it made the site
    making.kill()
    assert making.config.parent.exists()

    # When the bench is started again
    again = Started(tmp_path)
    try:
        said = again.ready()
        page = requests.get(address(said, "网页"), timeout=30)
    finally:
        again.kill()

    # Then the site is made anew and answers
    assert "上次没有建完" in said
    assert page.status_code == 200
