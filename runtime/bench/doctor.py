"""`bench doctor`: is everything there and well, and if not, what to do?"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import click

import frappe
from bench.backups import LAST_BACKUP
from bench.context import opened
from bench.dumps import quick_check, sqlite_file
from bench.root import Bench
from bench.start import STATE_FILE, unreachable

Check = tuple[bool | None, str, str]
_FREE_BYTES = 1_000_000_000
_HEARTBEAT_SECONDS = 120
_BACKUP_SECONDS = 2 * 86400
_CLOCK_SECONDS = 60
_LOGS = ("Error Log", "Scheduled Job Log")


@click.command(
    "doctor", help="Check programs, fonts, disk, clock, servers, sites, backups, scheduler and jobs."
)
@click.pass_context
def doctor(context: click.Context) -> None:
    bench: Bench = context.obj["bench"]
    failed = False
    for ok, name, text in checks(bench):
        mark, colour = {True: ("✓", None), False: ("✗", "red"), None: ("!", "yellow")}[ok]
        click.secho(f"{mark} {name}: {text}", fg=colour)
        failed = failed or ok is False
    context.exit(1 if failed else 0)


def checks(bench: Bench) -> Iterator[Check]:
    """(fine?, what, finding and what to do); None = worth a look."""
    from frappe.utils.pdf import has_chinese_font

    program = shutil.which("wkhtmltopdf")
    yield program is not None, "wkhtmltopdf", program or "缺少，不能生成 PDF：apt-get install wkhtmltopdf"
    font = has_chinese_font()
    yield font, "中文字体", "已安装" if font else "缺少，PDF 中没有汉字：apt-get install fonts-noto-cjk"
    free = shutil.disk_usage(bench.root).free
    advice = "" if free > _FREE_BYTES else "，请移走旧备份和日志（sites/*/private/backups、.run、logs）"
    yield free > _FREE_BYTES, "磁盘", f"剩余 {free / 1e9:.1f} GB{advice}"
    for name in unreachable(bench):
        yield False, name, "连不上：启动这个服务，或改正 bench-config.json 中 server 一节的地址"
    sites = bench.existing_sites()
    if not sites:
        yield None, "站点", "没有站点：bench new-site 或 bench start --prepare"
    for site in sites:
        try:
            yield from ((ok, f"{site} {name}", text) for ok, name, text in _site(Path(site)))
        except Exception as error:
            yield False, f"{site} 数据库", f"打不开（{error}）：见 docs/recovery.md“数据库损坏”"


def _site(site: Path) -> Iterator[Check]:
    with opened(site.name):
        conf = frappe.conf
        if conf.get("db_type", "sqlite") == "sqlite":
            found = quick_check(sqlite_file(conf, site))
            yield (
                found == "ok",
                "数据库",
                found if found == "ok" else f"{found}：见 docs/recovery.md“数据库损坏”",
            )
        if conf.maintenance_mode:
            yield (
                False,
                "维护状态",
                f"网页返回 503。{_unfinished(conf)}用 bench --site {site} set-config -p maintenance_mode 0 结束",
            )
        state = site / STATE_FILE
        running = json.loads(state.read_text()) if state.is_file() else {}
        alive = bool(running) and os.path.exists(f"/proc/{running['pid']}")
        yield alive or None, "进程", running["urls"]["web"] if alive else "没有在运行：bench start"
        yield _last_backup(site)
        yield _clock()
        yield _scheduler(alive)
        yield from _work()


def _unfinished(conf: dict) -> str:
    return f"再次执行没有完成的 {conf['maintenance_for']}，或" if conf.get("maintenance_for") else ""


def _last_backup(site: Path) -> Check:
    stamp = site / LAST_BACKUP
    if not stamp.exists():
        return None, "备份", f"从未备份：bench --site {site} backup，并安排每天一次（docs/operations.md）"
    hours = (time.time() - stamp.stat().st_mtime) / 3600
    fine = hours * 3600 < _BACKUP_SECONDS
    advice = "" if fine else f"，检查 cron，或执行 bench --site {site} backup"
    return fine, "备份", f"{hours:.0f} 小时前{advice}"


def _clock() -> Check:
    """Records of the future mean that the clock was put back: fees and schedules would go wrong."""
    now = frappe.utils.now_datetime()
    newest = [
        row
        for log in _LOGS
        for row in frappe.get_all(log, pluck="creation", order_by="creation desc", limit=1)
    ]
    ahead = (max(newest, default=now) - now).total_seconds()
    if ahead > _CLOCK_SECONDS:
        return False, "时钟", f"比最近的记录慢 {ahead:.0f} 秒：检查时间同步（timedatectl），校准后再继续业务"
    return True, "时钟", str(now.replace(microsecond=0))


def _scheduler(alive: bool) -> Check:
    from frappe.utils.doctor import get_job_report
    from frappe.utils.scheduler import is_scheduler_inactive

    if is_scheduler_inactive():
        return None, "计划任务", "已停用：bench scheduler enable"
    beat = get_job_report()["heartbeat"]
    seconds = int(time.time() - beat) if beat else None
    if seconds is not None and seconds < _HEARTBEAT_SECONDS:
        return True, "计划任务", f"{seconds} 秒前检查过"
    text = "没有心跳" if seconds is None else f"{seconds} 秒没有心跳"
    return (False if alive else None), "计划任务", f"{text}：重启 bench start，看 .run/scheduler.log"


def _work() -> Iterator[Check]:
    from frappe.utils.doctor import get_job_report

    report = get_job_report()
    waiting = "，".join(f"{queue} {count}" for queue, count in report["queues"].items())
    failed = len(report["failed"])
    text = f"等待 {waiting}；运行 {report['running']}；失败 {failed}；工人 {len(report['workers'])}"
    yield (None if failed else True), "后台任务", text + ("：看错误日志" if failed else "")
    since = frappe.utils.add_days(frappe.utils.now(), -1)
    errors = frappe.db.count("Error Log", {"creation": (">", since)})
    yield (
        (None if errors else True),
        "错误日志",
        f"24 小时内 {errors} 条" + ("：见 DocType Error Log" if errors else ""),
    )
