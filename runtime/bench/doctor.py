"""What `bench doctor` looks at: is everything there and well, and if not, what to do?"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import frappe
from bench.backups import LAST_BACKUP
from bench.context import opened
from bench.dumps import SQLITE_FILE, quick_check
from bench.modes import open_to_others
from bench.root import Bench
from bench.start import STATE_FILE, unreachable
from frappe.installer import read_json
from frappe.utils.password import check_password

Check = tuple[bool | None, str, str]
_FREE_BYTES = 1_000_000_000
_HEARTBEAT_SECONDS = 120
_BACKUP_SECONDS = 2 * 86400
_CLOCK_SECONDS = 60
_TRIED_FIRST = (
    "admin",
    "administrator",
    "Administrator",
    "frappe",
    "password",
    "123456",
    "12345678",
    "admin123",
)
_LOGS = ("Error Log", "Scheduled Job Log")


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
    yield _modes(bench)
    for name in unreachable(bench):
        yield False, name, "连不上：启动这个服务，或改正 bench-config.json 中 server 一节的地址"
    sites = bench.existing_sites()
    if not sites:
        yield None, "站点", "没有站点：bench new-site 或 bench start --prepare"
    for site in sites:
        try:
            with opened(site):
                yield from ((ok, f"{site} {name}", text) for ok, name, text in _site(Path(site)))
        except Exception as error:
            yield False, f"{site} 数据库", f"打不开（{error}）：见 docs/recovery.md“数据库损坏”"


def _modes(bench: Bench) -> Check:
    """Sessions, personal data and keys lie in these folders."""
    found = list(open_to_others(bench.sites_path, bench.run_path))
    if not found:
        return True, "文件权限", "只有本用户能读"
    shown = f"{found[0].relative_to(bench.root)} 等 {len(found)} 项"
    return (
        None,
        "文件权限",
        f"{shown}其他用户可读：执行 bench migrate 或重新启动，或 chmod -R go-rwx sites .run",
    )


def _site(site: Path) -> Iterator[Check]:
    conf = frappe.conf
    if conf.get("db_type", "sqlite") == "sqlite":
        found = quick_check(site / SQLITE_FILE)
        fine = found == "ok"
        yield fine, "数据库", found if fine else f"{found}：见 docs/recovery.md“数据库损坏”"
    if conf.maintenance_mode:
        again = f"再次执行没有完成的 {conf.maintenance_for}，或" if conf.maintenance_for else ""
        end = f"用 bench --site {site} set-config -p maintenance_mode 0 结束"
        yield False, "维护状态", f"网页返回 503。{again}{end}"
    running = read_json(site / STATE_FILE)
    alive = bool(running) and os.path.exists(f"/proc/{running['pid']}")
    yield alive or None, "进程", running["urls"]["web"] if alive else "没有在运行：bench start"
    yield _administrator()
    yield _last_backup(site)
    yield _clock()
    yield from _jobs(alive)
    errors = frappe.db.count("Error Log", {"creation": (">", frappe.utils.add_days(frappe.utils.now(), -1))})
    advice = "：见 DocType Error Log" if errors else ""
    yield not errors or None, "错误日志", f"24 小时内 {errors} 条{advice}"


def _administrator() -> Check:
    """A site may have been made with a password that is tried first."""
    for password in _TRIED_FIRST:
        with contextlib.suppress(frappe.AuthenticationError):
            check_password("Administrator", password)
            return None, "管理员密码", "太容易被猜到：bench set-admin-password"
    return True, "管理员密码", "不是常见密码"


def _last_backup(site: Path) -> Check:
    stamp = site / LAST_BACKUP
    if not stamp.exists():
        return None, "备份", f"从未备份：bench --site {site} backup，并安排每天一次（docs/operations.md）"
    made = stamp.read_text()
    seconds = time.time() - (datetime.fromisoformat(made).timestamp() if made else stamp.stat().st_mtime)
    advice = "" if seconds < _BACKUP_SECONDS else f"，检查 cron，或执行 bench --site {site} backup"
    return not advice, "备份", f"{seconds / 3600:.0f} 小时前{advice}"


def _clock() -> Check:
    """Records of the future mean that the clock was put back: fees and schedules would go wrong."""
    now = frappe.utils.now_datetime()
    newest = [frappe.db.get_value(log, {}, "creation", order_by="creation desc") for log in _LOGS]
    ahead = (max([now, *filter(None, newest)]) - now).total_seconds()
    if ahead > _CLOCK_SECONDS:
        return False, "时钟", f"比最近的记录慢 {ahead:.0f} 秒：检查时间同步（timedatectl），校准后再继续业务"
    return True, "时钟", str(now.replace(microsecond=0))


def _jobs(alive: bool) -> Iterator[Check]:
    from frappe.utils.background_jobs import get_store
    from frappe.utils.scheduler import HEARTBEAT_KEY, is_scheduler_inactive

    report = get_store().report()
    heartbeat = frappe.cache.get_value(HEARTBEAT_KEY, expires=True)
    seconds = int(time.time() - (heartbeat or 0))
    if is_scheduler_inactive():
        yield None, "计划任务", "已停用：bench scheduler enable"
    elif seconds < _HEARTBEAT_SECONDS:
        yield True, "计划任务", f"{seconds} 秒前检查过"
    else:
        text = f"{seconds} 秒没有心跳" if heartbeat else "没有心跳"
        yield False if alive else None, "计划任务", f"{text}：重启 bench start，看 .run/scheduler.log"
    waiting = "，".join(f"{queue} {count}" for queue, count in report["queues"].items())
    failed = len(report["failed"])
    text = f"等待 {waiting}；运行 {report['running']}；失败 {failed}；工人 {len(report['workers'])}"
    yield not failed or None, "后台任务", text + ("：看错误日志" if failed else "")
