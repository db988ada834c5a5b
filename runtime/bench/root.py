"""Where the bench is, and what its `bench-config.json` says."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from bench.modes import UMASK
from frappe.installer import read_json, update_json

CONFIG_NAME = "bench-config.json"


@dataclass(frozen=True)
class Bench:
    """A bench directory and its configuration. `server`: what profile "server" adds to common_site_config.json."""

    root: Path
    profile: str = "embedded"
    default_site: str | None = None
    apps: list[str] = field(default_factory=list)
    sites: dict[str, dict[str, Any]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, dict[str, Any]] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    web_workers: int = 2
    workers: int = 2

    @property
    def sites_path(self) -> Path:
        return self.root / "sites"

    @property
    def run_path(self) -> Path:
        """Logs and the lock of running processes."""
        return self.root / ".run"

    @property
    def common_config(self) -> dict[str, Any]:
        return read_json(self.sites_path / "common_site_config.json")

    def existing_sites(self) -> list[str]:
        return sorted(path.parent.name for path in self.sites_path.glob("*/site_config.json"))

    def site_to_use(self) -> str | None:
        """The default site; else the only one."""
        default = os.environ.get("FRAPPE_SITE") or self.common_config.get("default_site") or self.default_site
        sites = self.existing_sites()
        return default or (sites[0] if len(sites) == 1 else None)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Two starts of one bench would run every job twice as often; nor may a site change under one."""
        from frappe.utils.synchronization import try_lock

        self.run_path.mkdir(exist_ok=True)
        lock = try_lock(str(self.run_path / "bench.lock"))
        if lock is None:
            raise click.ClickException("这个 bench 已经在运行，请先结束它（Ctrl-C）。")
        try:
            yield
        finally:
            os.close(lock)

    def enter(self) -> None:
        """Everything else works with `sites/` as current directory, as on a stock bench. What is made is the owner's alone."""
        os.umask(UMASK)
        self.sites_path.mkdir(parents=True, exist_ok=True)
        os.chdir(self.sites_path)
        listed = Path("apps.txt")
        if not listed.exists():
            listed.write_text("\n".join(["frappe", *self.apps]) + "\n")
        if self.profile == "server":
            update_json("common_site_config.json", **{"db_type": "mariadb", **self.server})


def find_bench() -> Bench:
    """By FRAPPE_BENCH_ROOT, else upwards from the current directory."""
    named = os.environ.get("FRAPPE_BENCH_ROOT")
    candidates = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    marks = (CONFIG_NAME, "sites/apps.txt")
    root = next((folder for folder in candidates if any((folder / mark).is_file() for mark in marks)), None)
    if not root:
        raise click.ClickException(f"找不到 bench 目录：{candidates[0]} 及其上级目录中没有 {CONFIG_NAME}")
    try:
        config = read_json(root / CONFIG_NAME)
    except ValueError as error:
        raise click.ClickException(f"{root / CONFIG_NAME} 不是有效的 JSON：{error}") from None
    known = {name: config[name] for name in Bench.__dataclass_fields__ if name in config}
    return Bench(**{**known, "root": root.resolve()})
