"""Opening a site for a command."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import frappe
from frappe.installer import write_json


def sites_of(context: click.Context) -> list[str]:
    """The sites a command is for; an error when none is known or one does not exist."""
    if not context.obj["sites"]:
        raise frappe.SiteNotSpecifiedError
    for site in context.obj["sites"]:
        if not os.path.isfile(os.path.join(site, "site_config.json")):
            raise click.ClickException(f"站点 {site} 不存在。用 bench new-site {site} 创建。")
    return context.obj["sites"]


@contextlib.contextmanager
def opened(site: str, connect: bool = True) -> Iterator[Any]:
    """`frappe` with the site open as Administrator; committed at the end, rolled back on errors."""
    frappe.init(site, sites_path=".", force=True)
    try:
        if connect:
            frappe.connect()
        yield frappe
        if connect:
            frappe.db.commit()
    except BaseException:
        if getattr(frappe.local, "db", None):
            frappe.db.rollback()
        raise
    finally:
        frappe.destroy()


def read_config(site: str) -> dict[str, Any]:
    """The site's own site_config.json."""
    return json.loads(Path(site, "site_config.json").read_text(encoding="utf-8"))


def update_json(path: str, **values: Any) -> None:
    """Set (or with None remove) entries of a configuration file."""
    file = Path(path)
    config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    config.update(values)
    write_json(file, {name: entry for name, entry in config.items() if entry is not None})


@contextlib.contextmanager
def maintenance(site: str, command: str) -> Iterator[None]:
    """HTTP answers 503 and the scheduler rests. After an error it stays so: half of a change must not be served.

    `command` is what ends it when it is done again. Maintenance that an operator has ordered stays.
    """
    config, path = read_config(site), f"{site}/site_config.json"
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
