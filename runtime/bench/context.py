"""What commands do with sites."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

import click

import frappe
from frappe.installer import read_json, update_json


def sites_of(context: frappe._dict) -> list[str]:
    """The sites a command is for; an error when none is known or one does not exist."""
    if not context.sites:
        raise frappe.SiteNotSpecifiedError
    for site in context.sites:
        if not os.path.isfile(f"{site}/site_config.json"):
            raise click.ClickException(f"站点 {site} 不存在。用 bench new-site {site} 创建。")
    return context.sites


@contextlib.contextmanager
def opened(site: str) -> Iterator[Any]:
    """`frappe` with the site open as Administrator; committed at the end, rolled back on errors."""
    frappe.init(site, sites_path=".", force=True)
    try:
        frappe.connect()
        yield frappe
        frappe.db.commit()
    except BaseException:
        if getattr(frappe.local, "db", None):
            frappe.db.rollback()
        raise
    finally:
        frappe.destroy()


def remove_site(site: str, root_login: str | None = None, root_password: str | None = None) -> None:
    """Delete the site's folder, after letting go of its files, and its database."""
    from frappe.database import drop_database

    frappe.init(site, sites_path=".", new_site=True, force=True)
    if os.path.exists(f"{site}/site_config.json"):
        frappe.flags.update(root_login=root_login, root_password=root_password)
        drop_database()
    frappe.cache.forget_site()
    frappe.destroy()
    shutil.rmtree(site)


@contextlib.contextmanager
def maintenance(site: str, command: str) -> Iterator[None]:
    """HTTP answers 503 and the scheduler rests. After an error it stays so: half of a change must not be served.

    `command` is what ends it when it is done again. Maintenance that an operator has ordered stays.
    """
    path = f"{site}/site_config.json"
    config = read_json(path)
    ordered = config.get("maintenance_mode") if not config.get("maintenance_for") else None
    update_json(path, maintenance_mode=1, maintenance_for=command)
    try:
        yield
    except BaseException:
        click.secho(
            f"✗ 没有完成，站点 {site} 保持维护状态（网页返回 503，计划任务暂停）。排除下面的原因后再次执行 {command}，"
            f"成功后自动恢复；要放弃，请用 bench restore 恢复备份，或执行 bench --site {site} set-config -p "
            "maintenance_mode 0。",
            fg="red",
            err=True,
        )
        raise
    update_json(path, maintenance_mode=ordered, maintenance_for=None)
