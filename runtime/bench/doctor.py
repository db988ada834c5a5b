"""`bench doctor`: is everything there and well?"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import click

from bench.context import opened
from bench.root import Bench

Check = tuple[bool | None, str, str]
_FREE_BYTES = 1_000_000_000
_HEARTBEAT_SECONDS = 120


@click.command("doctor", help="Check programs, fonts, disk, sites, scheduler and jobs.")
@click.pass_context
def doctor(context: click.Context) -> None:
    bench: Bench = context.obj["bench"]
    failed = False
    for ok, name, text in checks(bench):
        mark = {True: "✓", False: "✗", None: "!"}[ok]
        click.secho(f"{mark} {name}: {text}", fg={True: None, False: "red", None: "yellow"}[ok])
        failed = failed or ok is False
    context.exit(1 if failed else 0)


def checks(bench: Bench) -> Iterator[Check]:
    """(fine?, what, finding); None = worth a look."""
    yield from _machine(bench)
    sites = bench.existing_sites()
    if not sites:
        yield None, "站点", "没有站点"
    for site in sites:
        yield from _site(bench, site)


def _machine(bench: Bench) -> Iterator[Check]:
    program = shutil.which("wkhtmltopdf")
    yield program is not None, "wkhtmltopdf", program or "缺少，不能生成 PDF：apt-get install wkhtmltopdf"
    from frappe.utils.pdf import has_chinese_font

    yield (
        has_chinese_font(),
        "中文字体",
        "已安装" if has_chinese_font() else "缺少：apt-get install fonts-noto-cjk",
    )
    free = shutil.disk_usage(bench.root).free
    yield free > _FREE_BYTES or None, "磁盘", f"剩余 {free / 1e9:.1f} GB"


def _site(bench: Bench, site: str) -> Iterator[Check]:
    path = bench.sites_path / site / "db" / "site.sqlite3"
    found = quick_check(path)
    yield found == "ok", f"{site} 数据库", found
    state = bench.sites_path / site / ".runtime.json"
    running = json.loads(state.read_text()) if state.is_file() else None
    alive = running is not None and _alive(running["pid"])
    yield alive or None, f"{site} 进程", running["urls"]["web"] if running and alive else "没有在运行"
    with opened(site) as frappe:
        from frappe.utils.job_store import get_store
        from frappe.utils.scheduler import is_scheduler_inactive, last_heartbeat

        if is_scheduler_inactive(verbose=False):
            yield None, f"{site} 计划任务", "已停用"
        else:
            beat = last_heartbeat()
            recent = beat is not None and time.time() - beat < _HEARTBEAT_SECONDS
            yield (
                recent or None,
                f"{site} 计划任务",
                f"{int(time.time() - beat)} 秒前检查过" if beat else "没有心跳",
            )
        counts = get_store().counts()
        text = "，".join(f"{name} {count}" for name, count in counts.items()) or "空"
        yield (None if counts.get("failed") else True), f"{site} 后台任务", text
        errors = frappe.db.count(
            "Error Log", {"creation": (">", frappe.utils.add_days(frappe.utils.now(), -1))}
        )
        yield (None if errors else True), f"{site} 错误日志", f"24 小时内 {errors} 条"


def quick_check(path: Path) -> str:
    """SQLite's own check of the file's structure."""
    if not path.is_file():
        return f"缺少 {path}"
    from frappe.database.sqlite.functions import register

    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    register(connection)  # indexes use the runtime's collation
    try:
        return str(connection.execute("pragma quick_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
