"""`bench start`: prepare the sites, choose ports, start the processes, tell the addresses, end everything."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

import frappe
from bench.context import opened
from bench.modes import close_to_others
from bench.processes import Child, Supervisor
from bench.root import Bench
from bench.web import preload
from frappe.installer import read_json, update_json, write_json

READY_SECONDS = 30
INTERRUPTED = 130
PORTS_TO_TRY = 50
STATE_FILE = ".runtime.json"
_LOCAL = "http://127.0.0.1:"
_QUEUES = {"worker-short": ["short", "default"], "worker-long": ["default", "long", "short"]}


def start_bench(bench: Bench, prepare: bool = False, port: int | None = None) -> int:
    """Run everything until Ctrl-C; returns the exit status."""
    import frappe.app  # noqa: F401 - imported once here, shared by the forked children

    began = datetime.now().astimezone()
    with bench.locked():
        if silent := unreachable(bench):
            raise click.ClickException(
                f"连不上 {'、'.join(silent)}。请启动这些服务（例如 systemctl start mariadb redis-server），或改正 "
                "bench-config.json 中 server 一节的地址（db_host、db_port、db_socket、redis_cache、redis_queue）。"
            )
        passwords: dict[str, str] = {}
        if prepare:
            from bench.prepare import prepare_sites

            try:
                passwords = prepare_sites(bench)
            except KeyboardInterrupt:
                click.echo("\n已中止；没有建完的站点已删除，下次启动重新创建。")
                return INTERRUPTED
        if not bench.existing_sites():
            raise click.ClickException("还没有站点。用 bench start --prepare 或 bench new-site 创建。")
        close_to_others(bench.sites_path, bench.run_path)
        ports = choose_ports(bench, port)
        urls = {name: f"{_LOCAL}{number}" for name, number in ports.items()}
        configure_sites(bench, urls)
        preload()  # shared by all children, workers of jobs included
        supervisor = Supervisor(_children(bench, urls))
        try:
            supervisor.start()
            if wait_until_ready(urls, supervisor):
                write_state(bench, supervisor, urls, began)
                _announce(bench, urls, began, passwords)
            while supervisor.running:
                if supervisor.look_after():
                    write_state(bench, supervisor, urls, began)
                time.sleep(0.2)
        finally:
            supervisor.stop()
            for site in bench.existing_sites():
                Path(site, STATE_FILE).unlink(missing_ok=True)
    if failed := supervisor.failed:
        tail = failed.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        said = "\n".join([f"✗ {failed.name} 无法启动或反复退出，已停止全部进程。日志 {failed.log}：", *tail])
        click.secho(said, fg="red", err=True)
        return 1
    click.echo("\n已全部停止。")
    return 0


def unreachable(bench: Bench) -> list[str]:
    """The operator's own servers that take no connection, with their addresses; none on the embedded profile."""
    config = bench.common_config
    servers = {f"Redis ({key})": config[key] for key in ("redis_cache", "redis_queue") if config.get(key)}
    if config.get("db_type") == "mariadb":
        host, port = config.get("db_host") or "127.0.0.1", config.get("db_port") or 3306
        path = config.get("db_socket")
        servers["MariaDB"] = f"unix://{path}" if path else f"mysql://{host}:{port}"
    silent = []
    for name, url in servers.items():
        parts = urlsplit(url)
        is_file = parts.scheme == "unix"
        with socket.socket(socket.AF_UNIX if is_file else socket.AF_INET) as probe:
            probe.settimeout(5)
            try:
                probe.connect(parts.path if is_file else (parts.hostname, parts.port or 6379))
            except OSError as error:
                place = parts.netloc.rpartition("@")[2] + parts.path  # without the password
                silent.append(f"{name} {place}（{error.strerror or error}）")
    return silent


def choose_ports(bench: Bench, web_port: int | None = None) -> dict[str, int]:
    """The configured ports; a busy one is replaced by the next free one, and that is said."""
    chosen = {"web": free_port("web", web_port or bench.ports.get("web", 8000))}
    for name, spec in bench.processes.items():
        if spec.get("port"):
            chosen[name] = free_port(name, spec["port"], tuple(chosen.values()))
    return chosen


def free_port(name: str, first: int, taken: tuple[int, ...] = ()) -> int:
    for number in range(first, first + PORTS_TO_TRY):
        if number not in taken and _is_free(number):
            if number != first:
                click.secho(f"! 端口 {first} 已被占用，{name} 改用 {number}", fg="yellow")
            return number
    raise click.ClickException(f"端口 {first} 和其后都被占用。请在 bench-config.json 中换一个。")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def configure_sites(bench: Bench, urls: dict[str, str]) -> None:
    """Let sites know their own address, and what the extra processes want in site_config.json."""
    values: dict[str, Any] = {}
    for name, spec in bench.processes.items():
        if spec.get("site_config"):
            arguments = _filled(spec["site_config"], name, urls)
            done = subprocess.run(arguments, cwd=bench.root, capture_output=True, text=True, check=False)
            if done.returncode:
                raise click.ClickException(f"{' '.join(arguments)} 失败：\n{done.stderr[-2000:]}")
            values.update(json.loads(done.stdout))
    for site in bench.existing_sites():
        if not bench.sites or site in bench.sites:
            path = bench.sites_path / site / "site_config.json"
            # An address that the operator has set is what receipts must carry; ours is only for trials.
            address = read_json(path).get("host_name", _LOCAL)
            update_json(path, **values, host_name=urls["web"] if address.startswith(_LOCAL) else address)


def _filled(arguments: list[str], name: str, urls: dict[str, str]) -> list[str]:
    url = urls.get(name, "")
    values = {"python": sys.executable, "url": url, "port": url.rpartition(":")[2], "web_url": urls["web"]}
    return [part.format(**values) for part in arguments]


def _children(bench: Bench, urls: dict[str, str]) -> list[Child]:
    from bench.web import serve_web
    from frappe.utils.scheduler import start_scheduler
    from frappe.utils.worker import main as work

    port = int(urls["web"].removeprefix(_LOCAL))
    targets: dict[str, Callable[[], object]] = {
        "web": partial(serve_web, port, bench.web_workers, default_site=bench.site_to_use())
    }
    for number in range(bench.workers):
        name = list(_QUEUES)[number % 2]
        suffix = f"-{number // 2 + 1}" if number > 1 else ""
        targets[name + suffix] = partial(work, _QUEUES[name], quiet=True)
    targets["scheduler"] = start_scheduler
    for name, spec in bench.processes.items():
        targets[name] = partial(_become, _filled(spec["command"], name, urls), bench.root)
    return [Child(name, target, bench.run_path / f"{name}.log") for name, target in targets.items()]


def _become(arguments: list[str], folder: Path) -> None:
    """In a child: be another program."""
    os.chdir(folder)
    os.execvp(arguments[0], arguments)


def wait_until_ready(urls: dict[str, str], supervisor: Supervisor) -> bool:
    """Whether everything that has an address answers; what does not in time has failed."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = list(urls)
    while supervisor.running:
        waiting = [name for name in waiting if not _answers(urls[name])]
        if not waiting:
            return True
        if time.monotonic() > deadline:
            supervisor.failed = next(child for child in supervisor.children if child.name == waiting[0])
        supervisor.look_after()
        time.sleep(0.05)
    return False


def _answers(url: str) -> bool:
    """Any answer but an error; 503 is maintenance, and other programs do not know this path."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/api/method/ping")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return status < 500 or status == 503


def write_state(bench: Bench, supervisor: Supervisor, urls: dict[str, str], began: datetime) -> None:
    """`sites/<site>/.runtime.json`: what runs, for the start page and `bench doctor`."""
    state = {
        "started_at": began.isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "urls": urls,
        "processes": {child.name: child.process and child.process.pid for child in supervisor.children},
    }
    for site in bench.existing_sites():
        write_json(bench.sites_path / site / STATE_FILE, state)


def _announce(bench: Bench, urls: dict[str, str], began: datetime, passwords: dict[str, str]) -> None:
    seconds = (datetime.now().astimezone() - began).total_seconds()
    click.echo(f"\n系统已启动（{seconds:.1f} 秒）")
    for name, url in urls.items():
        click.echo(f"  {'网页' if name == 'web' else name:<12}{url}")
    site = bench.site_to_use()
    if site in bench.existing_sites():
        with opened(site):
            # Lines that apps want to be shown, such as demo accounts
            for method in frappe.get_hooks("bench_banner"):
                click.echo("\n".join(frappe.get_attr(method)()))
    for name, password in passwords.items():
        click.echo(
            f"  系统管理员\tAdministrator / {password}\n  （{name}，新建时随机生成，只显示这一次；修改：bench --site {name} set-admin-password）"
        )
    click.echo("  日志        .run/*.log\n按 Ctrl-C 结束。")
    sys.stdout.flush()
