"""Opening a site for a command."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import click

import frappe


def sites_of(context: click.Context) -> list[str]:
    """The sites a command is for; an error when none is known or one does not exist."""
    sites = context.obj["sites"]
    if not sites:
        raise click.ClickException(
            "没有指定站点。请用 --site 给出，或在 bench-config.json 中设置 default_site。"
        )
    for site in sites:
        if not os.path.isfile(os.path.join(site, "site_config.json")):
            raise click.ClickException(f"站点 {site} 不存在。用 bench new-site {site} 创建。")
    return sites


def one_site(context: click.Context) -> str:
    return sites_of(context)[0]


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
        if connect and getattr(frappe.local, "db", None):
            frappe.db.rollback()
        raise
    finally:
        frappe.destroy()
