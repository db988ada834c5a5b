"""Say what a stock bench still lacks before `make test-bench` can run; run by that bench's own Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

APPS = ("cn_connect", "market_mgmt")


class Missing(Exception):
    """Something that the user has to do first."""


def check(bench: Path, site: str, apps: tuple[str, ...]) -> None:
    """Raise Missing unless `site` of `bench` runs on stock Frappe v15 with just these apps and allows tests."""
    if not (bench / "sites" / site / "site_config.json").is_file():
        raise Missing(f"{bench} 里没有站点 {site}。请执行：bench new-site {site}")
    for app in apps:
        if not (bench / "apps" / app).is_dir():
            raise Missing(
                f"该 bench 没有应用 {app}。请执行：make apps-dist，再在 bench 里 bench get-app <dist/{app} 的路径>"
            )
    os.chdir(bench / "sites")
    import frappe

    if not frappe.__version__.startswith("15.") or bench not in Path(frappe.__file__).resolve().parents:
        raise Missing(f"需要该 bench 自己的 Frappe v15，现在是 {frappe.__version__}（{frappe.__file__}）")
    frappe.init(site, sites_path=".")
    if not frappe.conf.allow_tests:
        raise Missing(
            f"站点 {site} 不允许测试（测试会写入数据，请用专门的站点）。"
            f"请执行：bench --site {site} set-config allow_tests true"
        )
    check_services(site, apps)


def check_services(site: str, apps: tuple[str, ...]) -> None:
    """Raise Missing unless database and Redis answer and just these apps are installed on the site."""
    import redis

    import frappe

    for queue in ("redis_cache", "redis_queue"):
        try:
            redis.from_url(frappe.conf[queue]).ping()
        except redis.ConnectionError as problem:
            raise Missing(
                f"连不上 {queue} {frappe.conf[queue]}。请在 bench 里启动 Redis（bench start）"
            ) from problem
    try:
        frappe.connect()
        frappe.db.sql("select 1")
        installed = frappe.get_installed_apps()
    except frappe.db.OperationalError as problem:
        raise Missing(f"连不上站点 {site} 的数据库：{problem}") from problem
    if set(installed) - {"frappe", *apps}:
        raise Missing(f"站点 {site} 装有应用；运行时的测试要在只装 frappe 的站点上做。请执行：bench new-site")
    for app in apps:
        if app not in installed:
            raise Missing(f"站点 {site} 没有安装 {app}。请执行：bench --site {site} install-app market_mgmt")
    frappe.destroy()


if __name__ == "__main__":
    try:
        check(Path(sys.argv[1]), sys.argv[2], () if "--bare" in sys.argv[3:] else APPS)
    except Missing as missing:
        sys.exit(f"✗ {missing}")
