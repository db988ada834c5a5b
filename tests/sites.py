"""Pytest plugin: the site that tests run on, on the embedded runtime or on a stock Frappe bench.

With `BENCH_DIR` and `FRAPPE_SITE` set, tests run on that bench's own Frappe and site. Without them each parallel
worker gets a throw-away bench directory with one site on the embedded runtime, copied from a template that the
first worker builds. Tests commit nothing unless what they test does; each ends in a rollback and empty caches.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("cn_connect", "market_mgmt")
SITE = "test.localhost"
PASSWORD = "admin"
REDIS_DATABASE = 63  # the tests of the runtime empty the first ones


@dataclass(frozen=True)
class Bench:
    """Where the site under test lives."""

    directory: Path
    site: str
    stock: bool
    python: str = sys.executable

    @property
    def sites(self) -> Path:
        return self.directory / "sites"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this bench runs with."""
        return {**os.environ, "FRAPPE_BENCH_ROOT": str(self.directory)}

    @property
    def program(self) -> list[str]:
        """What `bench` stands for."""
        if self.stock:
            return [self.python, "-m", "frappe.utils.bench_helper", "frappe"]
        return [self.python, "-m", "bench"]

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `bench …` for this bench."""
        return subprocess.run(
            [*self.program, *arguments],
            cwd=self.sites,
            env=self.environment,
            check=check,
            text=True,
            capture_output=True,
        )


def servers() -> dict[str, str]:
    """Where MariaDB and Redis of the server profile are, as common_site_config.json says it; empty when embedded."""
    if os.environ.get("TEST_DB") != "mariadb":
        return {}
    redis = f"{os.environ['TEST_REDIS']}?db={REDIS_DATABASE}"
    socket = os.environ["TEST_DB_SOCKET"]
    return {"db_type": "mariadb", "db_socket": socket, "redis_cache": redis, "redis_queue": redis}


def new_bench(directory: Path, settings: dict[str, str] | None = None) -> Bench:
    """An empty bench directory (no site yet) that uses this repository's apps; `settings` are common to its sites."""
    (directory / "sites").mkdir(parents=True)
    config = {"profile": "embedded", "default_site": SITE, "apps": list(APPS), "sites": {}, "ports": {}}
    (directory / "bench-config.json").write_text(json.dumps(config))
    (directory / "sites" / "apps.txt").write_text("frappe\n" + "\n".join(APPS) + "\n")
    (directory / "sites" / "common_site_config.json").write_text(json.dumps(settings or {}))
    return Bench(directory, SITE, stock=False)


def new_site(bench: Bench) -> None:
    """Create the bench's site with both apps; tests are allowed on it."""
    options = [argument for app in APPS for argument in ("--install-app", app)]
    common = json.loads((bench.sites / "common_site_config.json").read_text())
    if common.get("db_type") == "mariadb":  # which several benches share
        options += ["--db-name", f"test_{secrets.token_hex(6)}", "--db-root-password", ""]
    bench.command("new-site", bench.site, "--admin-password", PASSWORD, *options)
    bench.command("--site", bench.site, "set-config", "allow_tests", "1", "--parse")


def copied_bench(
    factory: pytest.TempPathFactory, worker_id: str, name: str, site: str = SITE, embedded: bool = False
) -> Bench:
    """A bench directory of this worker with one fresh site, copied from a template that the first worker builds; on
    the server profile, unless `embedded`, each site is made anew."""
    from filelock import FileLock

    own = factory.getbasetemp()
    if servers() and not embedded:
        fresh = replace(new_bench(own / name, servers()), site=site)
        new_site(fresh)
        return fresh
    shared = own if worker_id == "master" else own.parent
    template = shared / "template"
    with FileLock(str(shared / "template.lock")):
        if not (template / "ready").exists():
            shutil.rmtree(template, ignore_errors=True)
            new_site(new_bench(template))
            (template / "ready").touch()
    copy = Bench(own / name, site, stock=False)
    shutil.copytree(template, copy.directory)
    (copy.sites / SITE).rename(copy.sites / site)
    return copy


def stock_bench() -> Bench | None:
    """The stock bench and site that the environment names, if it does."""
    if not os.environ.get("BENCH_DIR"):
        return None
    return Bench(Path(os.environ["BENCH_DIR"]), os.environ["FRAPPE_SITE"], stock=True)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Bench:
    """The bench of this worker."""
    return stock_bench() or copied_bench(tmp_path_factory, worker_id, "bench")


@contextmanager
def connected(bench: Bench) -> Iterator[ModuleType]:
    """`frappe` on the bench's site as Administrator; what the block does not commit is rolled back."""
    import frappe

    before = Path.cwd()
    os.chdir(bench.sites)
    frappe.init(site=bench.site, sites_path=".", force=True)
    frappe.connect()
    try:
        yield frappe
    finally:
        frappe.db.rollback()
        frappe.destroy()
        os.chdir(before)


@pytest.fixture
def site(bench: Bench) -> Iterator[ModuleType]:
    """`frappe`, connected to the worker's site as Administrator; everything is rolled back afterwards."""
    with connected(bench) as frappe:
        frappe.flags.in_test = True
        frappe.local.lang = "zh"
        try:
            yield frappe
        finally:
            frappe.db.rollback()
            frappe.cache.delete_keys("document_cache")
