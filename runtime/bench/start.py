"""`bench start`: prepare the sites, choose ports, start the processes, tell the addresses, end everything."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bench.processes import Child, Supervisor
from bench.root import Bench

READY_SECONDS = 30
INTERRUPTED = 130
PORTS_TO_TRY = 50
STATE_FILE = ".runtime.json"
_LOCAL = "http://127.0.0.1:"
_WORKERS = {"worker-short": ["short", "default"], "worker-long": ["default", "long", "short"]}


def start_bench(bench: Bench, prepare: bool = False, port: int | None = None) -> int:
    """Run everything until Ctrl-C; returns the exit status."""
    began, began_at = time.monotonic(), datetime.now().astimezone()
    lock = _take_lock(bench)
    import frappe.app  # noqa: F401 - imported once here, shared by the forked children

    if prepare:
        from bench.prepare import prepare_sites

        try:
            prepare_sites(bench, say=click.echo)
        except KeyboardInterrupt:
            click.echo("\n已中止；没有建完的站点已删除，下次启动重新创建。")
            return INTERRUPTED
    if not bench.existing_sites():
        raise click.ClickException("这个 bench 还没有站点。用 bench start --prepare 或 bench new-site 创建。")
    ports = choose_ports(bench, port)
    urls = {name: f"http://127.0.0.1:{number}" for name, number in ports.items()}
    configure_sites(bench, urls)
    supervisor = Supervisor(
        _children(bench, ports),
        bench.run_path,
        before_fork=release_files,
        on_restart=lambda: write_state(bench, supervisor, urls, began_at),
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, supervisor.request_stop)
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
        remove_state(bench)
        os.close(lock)
    if supervisor.failed:
        _explain(supervisor, supervisor.failed)
        return 1
    if not stopped_by_signal:
        _explain(supervisor, next(child for child in supervisor.children if child.name in silent))
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


def choose_ports(bench: Bench, web_port: int | None = None) -> dict[str, int]:
    """The configured ports; a busy one is replaced by the next free one, and that is said."""
    wanted = {"web": web_port or bench.ports.get("web", 8000)}
    wanted.update({name: spec["port"] for name, spec in bench.processes.items() if spec.get("port")})
    chosen: dict[str, int] = {}
    for name, number in wanted.items():
        chosen[name] = free_port(number, set(chosen.values()) | set(wanted.values()) - {number})
        if chosen[name] != number:
            click.secho(f"! 端口 {number} 已被占用，{name} 改用 {chosen[name]}", fg="yellow")
    return chosen


def free_port(first: int, taken: set[int]) -> int:
    for number in range(first, min(first + PORTS_TO_TRY, 65536)):
        if number not in taken and port_is_free(number):
            return number
    raise click.ClickException(
        f"端口 {first}–{first + PORTS_TO_TRY - 1} 都被占用。请在 bench-config.json 中换一个。"
    )


def port_is_free(number: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def configure_sites(bench: Bench, urls: dict[str, str]) -> None:
    """Let sites know their own address, and what the extra processes want in site_config.json."""
    values: dict[str, Any] = {}
    for name, spec in bench.processes.items():
        if spec.get("site_config"):
            command = _substitute(
                spec["site_config"], port=spec.get("port"), url=urls.get(name), web_url=urls["web"]
            )
            values.update(_fragment(bench, command))
    for site in bench.sites or bench.existing_sites():
        path = bench.sites_path / site / "site_config.json"
        if path.is_file():
            config = json.loads(path.read_text(encoding="utf-8"))
            wanted = {**config, **values}
            # An address that the operator has set is what receipts must carry; ours is only for trials.
            if config.get("host_name", _LOCAL).startswith(_LOCAL):
                wanted["host_name"] = urls["web"]
            if wanted != config:
                write_json(path, wanted)


def _fragment(bench: Bench, command: list[str]) -> dict[str, Any]:
    """The JSON that the command prints; asked again only when the command line differs (it costs a start)."""
    import subprocess

    cache = bench.run_path / "site_config_fragments.json"
    known = json.loads(cache.read_text()) if cache.is_file() else {}
    key = " ".join(command)
    if key not in known:
        done = subprocess.run(command, cwd=bench.root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise click.ClickException(f"{key} 失败：\n{done.stderr[-2000:]}")
        known = {key: json.loads(done.stdout)}
        write_json(cache, known, private=True)
    return known[key]


def write_json(path: Path, value: Any, private: bool = False) -> None:
    """Readers see the old file or the new one, never half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if private or path.name == "site_config.json":
        partial.chmod(0o600)
    os.replace(partial, path)


def _substitute(command: list[str], **values: Any) -> list[str]:
    values["python"] = sys.executable
    return [part.format(**values) for part in command]


def release_files() -> None:
    """What is open to SQLite in this process stays in this process."""
    import frappe
    from frappe.database.sqlite import pool
    from frappe.utils.job_store import close_stores

    pool.close_all()
    frappe.cache.close()
    close_stores()


def _children(bench: Bench, ports: dict[str, int]) -> list[Child]:
    from bench.web import serve_web
    from frappe.utils.scheduler import start_scheduler
    from frappe.utils.worker import main as work

    def worker(queues: list[str]) -> Callable[[], None]:
        return lambda: (work(queues, quiet=True), None)[1]

    def web() -> None:
        serve_web("127.0.0.1", ports["web"], bench.web_workers, default_site=bench.site_to_use())

    children = [Child("web", web)]
    children += [Child(name, worker(queues)) for name, queues in _WORKERS.items()]
    children.append(Child("scheduler", start_scheduler))
    for name, spec in bench.processes.items():
        command = _substitute(
            spec["command"], port=ports.get(name), web_url=f"http://127.0.0.1:{ports['web']}"
        )
        children.append(Child(name, command=command, cwd=bench.root, environment=spec.get("env", {})))
    return children


def wait_until_ready(urls: dict[str, str], supervisor: Supervisor) -> list[str]:
    """Until everything that has an address answers; returns who still does not when told to stop or time is up."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = dict(urls)
    while time.monotonic() < deadline and not supervisor.stopping and supervisor.failed is None:
        waiting = {name: url for name, url in waiting.items() if not _answers(name, url)}
        if not waiting:
            break
        supervisor.look_after()
        time.sleep(0.05)
    return list(waiting)


def _answers(name: str, url: str) -> bool:
    """The web server must serve a site; of other processes only the port is known."""
    try:
        if name != "web":
            host, port = url.removeprefix("http://").split(":")
            with socket.create_connection((host, int(port)), timeout=5):
                return True
        with urllib.request.urlopen(f"{url}/api/method/ping", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
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


def remove_state(bench: Bench) -> None:
    for site in bench.existing_sites():
        (bench.sites_path / site / STATE_FILE).unlink(missing_ok=True)


def _announce(bench: Bench, urls: dict[str, str], supervisor: Supervisor, seconds: float) -> None:
    click.echo(f"\n系统已启动（{seconds:.1f} 秒）")
    for name, url in urls.items():
        click.echo(f"  {'网页' if name == 'web' else name:<12}{url}")
    for line in banner(bench):
        click.echo(line)
    click.echo(f"  日志        {os.path.relpath(supervisor.logs, bench.root)}/*.log")
    click.echo("按 Ctrl-C 结束。")
    sys.stdout.flush()


def banner(bench: Bench) -> list[str]:
    """Lines that apps want to be shown at start (hook `bench_banner`), such as demo accounts."""
    from bench.context import opened

    site = bench.site_to_use()
    if site not in bench.existing_sites():
        return []
    with opened(site) as frappe:
        lines: list[str] = []
        for method in frappe.get_hooks("bench_banner") or []:
            lines.extend(frappe.get_attr(method)())
        return lines


def _explain(supervisor: Supervisor, child: Child) -> None:
    path = supervisor.log_path(child)
    tail = (
        "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        if path.exists()
        else ""
    )
    click.secho(
        f"✗ {child.name} 无法启动或反复退出，已停止全部进程。日志 {path}：\n{tail}", fg="red", err=True
    )
