"""What is compared: each target makes a site with both apps, serves it with two worker processes, and forgets it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from benchmarks.data import NOW
from tests.live import CSRF, SESSION, STOP_SECONDS, free_port, wait_for
from tests.sites import APPS, PASSWORD, ROOT, SITE, Bench, new_bench, new_site

WORKERS, THREADS = 2, 4
THROW_AWAY = "bench-compare.localhost"
SERVER_KEYS = ("db_host", "db_port", "db_socket", "redis_cache", "redis_queue")


class Target:
    """A bench with one site. Subclasses say how a site is made and which command serves it."""

    name = label = ""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.data: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def serve_command(self) -> list[str]:
        raise NotImplementedError

    def create_site(self) -> float | None:
        """Seconds to make the site with both apps; None when the site was there."""
        raise NotImplementedError

    def drop_site(self) -> None:
        raise NotImplementedError

    def versions(self) -> str:
        raise NotImplementedError

    def fill(self) -> None:
        """Make the data that is read, and hold the site's clock on their day."""
        self.bench.command("--site", self.bench.site, "set-config", "allow_tests", "1", "--parse")
        self.bench.command("--site", self.bench.site, "set-config", "test_clock", f"{NOW:%Y-%m-%d %H:%M:%S}")
        done = subprocess.run(
            [self.bench.python, "-m", "benchmarks.data", self.bench.site],
            cwd=self.bench.sites,
            env={**self.bench.environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: no data could be made:\n{done.stderr[-3000:]}")
        self.data = json.loads(done.stdout.splitlines()[-1])

    def start(self) -> float:
        """Seconds from starting the web server to its first answer."""
        log = self.bench.sites / self.bench.site / "logs" / "compare.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self.serve_command,
                cwd=self.bench.sites,
                env=self.bench.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(f"{self.base}/api/method/ping", self._process, log, headers={"Host": self.bench.site})
        return time.monotonic() - began

    def stop(self) -> None:
        """End the web server, by force if need be."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def memory_mb(self) -> float:
        """Proportional set size of all web processes: shared pages count once."""
        assert self._process
        kilobytes = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self._process.pid:
                    rollup = (folder / "smaps_rollup").read_text()
                    kilobytes += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
            except (OSError, TypeError):
                continue  # it ended meanwhile
        return kilobytes / 1024

    def sign_in(self, user: str) -> dict[str, str]:
        """The headers of a new session of a user: cookie and CSRF token."""
        with requests.Session() as http:
            http.headers["Host"] = self.bench.site
            form = {"usr": user, "pwd": self.data["password"]}
            answer = http.post(f"{self.base}/api/method/login", json=form, timeout=30)
            answer.raise_for_status()
            cookie = f"sid={answer.cookies['sid']}"
            told = http.get(f"{self.base}/api/method/{SESSION}", headers={"Cookie": cookie}, timeout=30)
        return {"Cookie": cookie, CSRF: told.json()["message"]["csrf_token"]}


class Embedded(Target):
    """This repository's runtime on SQLite, in a throw-away bench directory."""

    name, label = "embedded", "内嵌运行时（SQLite）"

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="compare-"))
        super().__init__(new_bench(self.directory / "bench"))

    @property
    def serve_command(self) -> list[str]:
        options = ["serve", "--port", str(self.port), "--workers", str(WORKERS)]
        return [*self.bench.program, "--site", SITE, *options]

    def create_site(self) -> float:
        began = time.monotonic()
        new_site(self.bench)
        return time.monotonic() - began

    def drop_site(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def versions(self) -> str:
        import platform
        import sqlite3
        from importlib.metadata import version

        return f"Python {platform.python_version()}、SQLite {sqlite3.sqlite_version}、granian {version('granian')}"


class Server(Embedded):
    """This runtime on the MariaDB and Redis of a stock bench, so that both have the same servers, set up the same."""

    name, label = "server", "运行时（MariaDB、Redis）"

    def __init__(self, stock: Stock) -> None:
        super().__init__()
        settings = {key: stock.config[key] for key in SERVER_KEYS if key in stock.config}
        self.password = os.environ.get("DB_ROOT_PASSWORD") or stock.config.get("root_password", "")
        config = self.bench.directory / "bench-config.json"
        told = {**json.loads(config.read_text()), "profile": "server", "server": settings}
        config.write_text(json.dumps(told))

    def create_site(self) -> float:
        began = time.monotonic()
        database = ["--db-name", f"compare_{secrets.token_hex(4)}", "--db-root-password", self.password]
        self.bench.command("new-site", SITE, "--admin-password", PASSWORD, *database, *_install())
        return time.monotonic() - began

    def drop_site(self) -> None:
        self.bench.command("drop-site", SITE, "--yes", "--db-root-password", self.password, check=False)
        super().drop_site()

    def versions(self) -> str:
        from importlib.metadata import version

        names = ("mysqlclient", "redis", "rq", "granian")
        return "、".join(f"{name} {version(name)}" for name in names)


class Stock(Target):
    """A stock Frappe v15 bench under gunicorn, as Frappe's production images run it."""

    name, label = "stock", "原版 Frappe v15"

    def __init__(self, directory: Path, site: str | None) -> None:
        self.keeps_site = bool(site)
        python = str(directory / "env" / "bin" / "python")
        super().__init__(Bench(directory, site or THROW_AWAY, stock=True, python=python))

    @property
    def config(self) -> dict[str, Any]:
        """Of the whole bench: where its servers are."""
        return json.loads((self.bench.sites / "common_site_config.json").read_text(encoding="utf-8"))

    @property
    def serve_command(self) -> list[str]:
        options = ["--worker-class", "gthread", "-w", str(WORKERS), "--threads", str(THREADS), "-t", "120"]
        program = [self.bench.python, "-m", "gunicorn", "-b", f"127.0.0.1:{self.port}", *options]
        return [*program, "--preload", "frappe.app:application"]

    def create_site(self) -> float | None:
        if self.keeps_site:
            return None
        self.drop_site()
        began = time.monotonic()
        options = ["--admin-password", PASSWORD, *_root_password(), *_install()]
        self.bench.command("new-site", self.bench.site, *options)
        return time.monotonic() - began

    def drop_site(self) -> None:
        if self.keeps_site or not (self.bench.sites / self.bench.site).is_dir():
            return
        with tempfile.TemporaryDirectory() as archive:
            options = ["--force", "--no-backup", "--archived-sites-path", archive, *_root_password()]
            self.bench.command("drop-site", self.bench.site, *options, check=False)

    def versions(self) -> str:
        code = "import frappe, gunicorn, platform as p; print(p.python_version(), frappe.__version__, gunicorn.__version__)"
        done = subprocess.run([self.bench.python, "-c", code], capture_output=True, text=True, check=True)
        python, frappe, gunicorn = done.stdout.split()
        return f"Python {python}、Frappe {frappe}、gunicorn {gunicorn} gthread"


def _install() -> list[str]:
    return [argument for app in APPS for argument in ("--install-app", app)]


def _root_password() -> list[str]:
    """Only when common_site_config.json of that bench does not name MariaDB's root password."""
    password = os.environ.get("DB_ROOT_PASSWORD")
    return ["--mariadb-root-password", password] if password else []
