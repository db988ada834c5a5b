"""`bench start`: prepare the sites, choose ports, start the processes, tell the addresses, end everything."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

import frappe
from bench.context import opened, read_config
from bench.processes import Child, Supervisor, command
from bench.root import Bench
from bench.web import preload
from frappe.installer import write_json

READY_SECONDS = 30
INTERRUPTED = 130
PORTS_TO_TRY = 50
STATE_FILE = ".runtime.json"
_LOCAL = "http://127.0.0.1:"
_QUEUES = {"worker-short": ["short", "default"], "worker-long": ["default", "long", "short"]}


def start_bench(bench: Bench, prepare: bool = False, port: int | None = None) -> int:
    """Run everything until Ctrl-C; returns the exit status."""
    import frappe.app  # noqa: F401 - imported once here, shared by the forked children

    began, began_at = time.monotonic(), datetime.now().astimezone()
    lock = _take_lock(bench)
    check_servers(bench)
    if prepare:
        from bench.prepare import prepare_sites

        try:
            prepare_sites(bench)
        except KeyboardInterrupt:
            click.echo("\n已中止；没有建完的站点已删除，下次启动重新创建。")
            return INTERRUPTED
    if not bench.existing_sites():
        raise click.ClickException("这个 bench 还没有站点。用 bench start --prepare 或 bench new-site 创建。")
    ports = choose_ports(bench, port)
    urls = {name: f"{_LOCAL}{number}" for name, number in ports.items()}
    configure_sites(bench, urls)
    preload()  # shared by all children, workers of jobs included
    supervisor = Supervisor(
        _children(bench, ports, urls),
        bench.run_path,
        before_fork=release_files,
        on_restart=lambda: write_state(bench, supervisor, urls, began_at),
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.request_stop)
    silent: list[str] = []
    try:
        supervisor.start()
        silent = wait_until_ready(urls, supervisor)
        if not silent:
            write_state(bench, supervisor, urls, began_at)
            _announce(bench, urls, supervisor, time.monotonic() - began)
            supervisor.watch()
    finally:
        stopped_by_signal = supervisor.stopping
        supervisor.stop()
        for site in bench.existing_sites():
            Path(site, STATE_FILE).unlink(missing_ok=True)
        os.close(lock)
    failed = supervisor.failed or next((c for c in supervisor.children if c.name in silent), None)
    if failed and not (stopped_by_signal and failed is not supervisor.failed):
        log = supervisor.log_path(failed)
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:] if log.exists() else []
        click.secho(
            f"✗ {failed.name} 无法启动或反复退出，已停止全部进程。日志 {log}：\n" + "\n".join(tail),
            fg="red",
            err=True,
        )
        return 1
    click.echo("\n已全部停止。")
    return 0


def _take_lock(bench: Bench) -> int:
    """Two starts of one bench would run every job twice as often."""
    from frappe.utils.synchronization import try_lock

    bench.run_path.mkdir(exist_ok=True)
    lock = try_lock(str(bench.run_path / "bench.lock"))
    if lock is None:
        raise click.ClickException("这个 bench 已经在运行。先结束它（Ctrl-C），或到它打印的网址访问。")
    return lock


def servers(bench: Bench) -> dict[str, tuple[str | None, int, str | None]]:
    """The operator's own servers that this bench needs: host, port, socket. None on the embedded profile."""
    config = bench.common_config
    found: dict[str, tuple[str | None, int, str | None]] = {}
    if config.get("db_type") == "mariadb":
        host, port = config.get("db_host") or "127.0.0.1", int(config.get("db_port") or 3306)
        found["MariaDB"] = (host, port, config.get("db_socket"))
    for key in ("redis_cache", "redis_queue"):
        if config.get(key):
            url = urlsplit(config[key])
            found[f"Redis ({key})"] = (
                url.hostname,
                url.port or 6379,
                url.path if url.scheme == "unix" else None,
            )
    return found


def unreachable(bench: Bench) -> list[str]:
    """Those that take no connection, with their addresses."""
    silent = []
    for name, (host, port, path) in servers(bench).items():
        with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as probe:
            probe.settimeout(5)
            try:
                probe.connect(path or (host, port))
            except OSError as error:
                silent.append(f"{name} {path or f'{host}:{port}'}（{error.strerror or error}）")
    return silent


def check_servers(bench: Bench) -> None:
    if silent := unreachable(bench):
        raise click.ClickException(
            f"连不上 {'、'.join(silent)}。请启动这些服务（例如 systemctl start mariadb redis-server），或改正 "
            "bench-config.json 中 server 一节的地址（db_host、db_port、db_socket、redis_cache、redis_queue）。"
        )


def choose_ports(bench: Bench, web_port: int | None = None) -> dict[str, int]:
    """The configured ports; a busy one is replaced by the next free one, and that is said."""
    wanted = {"web": web_port or bench.ports.get("web", 8000)}
    wanted.update({name: spec["port"] for name, spec in bench.processes.items() if spec.get("port")})
    chosen: dict[str, int] = {}
    for name, number in wanted.items():
        chosen[name] = free_port(name, number, set(chosen.values()) | set(wanted.values()) - {number})
    return chosen


def free_port(name: str, first: int, taken: frozenset[int] | set[int] = frozenset()) -> int:
    for number in range(first, min(first + PORTS_TO_TRY, 65536)):
        if number in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
        if number != first:
            click.secho(f"! 端口 {first} 已被占用，{name} 改用 {number}", fg="yellow")
        return number
    raise click.ClickException(
        f"端口 {first}–{first + PORTS_TO_TRY - 1} 都被占用。请在 bench-config.json 中换一个。"
    )


def configure_sites(bench: Bench, urls: dict[str, str]) -> None:
    """Let sites know their own address, and what the extra processes want in site_config.json."""
    values: dict[str, Any] = {}
    for name, spec in bench.processes.items():
        if spec.get("site_config"):
            values.update(_fragment(bench, _filled(spec["site_config"], name, urls)))
    for site in bench.sites or bench.existing_sites():
        path = bench.sites_path / site
        if (path / "site_config.json").is_file():
            config = read_config(str(path))
            wanted = {**config, **values}
            # An address that the operator has set is what receipts must carry; ours is only for trials.
            if config.get("host_name", _LOCAL).startswith(_LOCAL):
                wanted["host_name"] = urls["web"]
            if wanted != config:
                write_json(path / "site_config.json", wanted)


def _fragment(bench: Bench, arguments: list[str]) -> dict[str, Any]:
    """The JSON that the command prints; asked again only when the command line differs (it costs a start)."""
    cache = bench.run_path / "site_config_fragments.json"
    known = json.loads(cache.read_text()) if cache.is_file() else {}
    key = " ".join(arguments)
    if key not in known:
        done = subprocess.run(arguments, cwd=bench.root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise click.ClickException(f"{key} 失败：\n{done.stderr[-2000:]}")
        known = {key: json.loads(done.stdout)}
        write_json(cache, known)
    return known[key]


def _filled(arguments: list[str], name: str, urls: dict[str, str]) -> list[str]:
    url = urls.get(name, "")
    values = {"python": sys.executable, "url": url, "port": url.rpartition(":")[2], "web_url": urls["web"]}
    return [part.format(**values) for part in arguments]


def release_files() -> None:
    """What is open to SQLite in this process stays in this process."""
    from frappe.database import pool

    pool.close_all()
    frappe.cache.close()


def _children(bench: Bench, ports: dict[str, int], urls: dict[str, str]) -> list[Child]:
    from bench.web import serve_web
    from frappe.utils.scheduler import start_scheduler
    from frappe.utils.worker import main as work

    web = partial(serve_web, ports["web"], bench.web_workers, default_site=bench.site_to_use())
    children = [Child("web", web)]
    for number in range(bench.workers):
        name = list(_QUEUES)[number % 2]
        suffix = f"-{number // 2 + 1}" if number > 1 else ""
        children.append(Child(name + suffix, partial(work, _QUEUES[name], quiet=True)))
    children.append(Child("scheduler", start_scheduler))
    for name, spec in bench.processes.items():
        children.append(Child(name, command(_filled(spec["command"], name, urls), bench.root)))
    return children


def wait_until_ready(urls: dict[str, str], supervisor: Supervisor) -> list[str]:
    """Until everything that has an address answers; returns who still does not when told to stop or time is up."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = list(urls)
    while time.monotonic() < deadline and not supervisor.stopping and supervisor.failed is None:
        waiting = [name for name in waiting if not _answers(name, urls[name])]
        if not waiting:
            break
        supervisor.look_after()
        time.sleep(0.05)
    return waiting


def _answers(name: str, url: str) -> bool:
    """The web server must serve a site; of other processes only the port is known."""
    try:
        if name != "web":
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5):
                return True
        with urllib.request.urlopen(f"{url}/api/method/ping", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 503  # in maintenance, which it says itself
    except OSError:
        return False


def write_state(bench: Bench, supervisor: Supervisor, urls: dict[str, str], began: datetime) -> None:
    """`sites/<site>/.runtime.json`: what runs, for the start page and `bench doctor`."""
    state = {
        "started_at": began.isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "profile": bench.profile,
        "urls": urls,
        "processes": {child.name: child.pid for child in supervisor.children},
    }
    for site in bench.existing_sites():
        write_json(bench.sites_path / site / STATE_FILE, state)


def _announce(bench: Bench, urls: dict[str, str], supervisor: Supervisor, seconds: float) -> None:
    click.echo(f"\n系统已启动（{seconds:.1f} 秒）")
    for name, url in urls.items():
        click.echo(f"  {'网页' if name == 'web' else name:<12}{url}")
    site = bench.site_to_use()
    if site in bench.existing_sites():
        with opened(site) as frappe:
            # Lines that apps want to be shown, such as demo accounts
            for method in frappe.get_hooks("bench_banner"):
                click.echo("\n".join(frappe.get_attr(method)()))
    click.echo(f"  日志        {os.path.relpath(supervisor.logs, bench.root)}/*.log")
    click.echo("按 Ctrl-C 结束。")
    sys.stdout.flush()
