"""`bench start --prepare`: the sites that bench-config.json names exist, with their apps, and are up to date."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

import frappe
from bench.context import maintenance, opened, remove_site
from bench.modes import close_to_others
from bench.root import Bench
from frappe.installer import new_site
from frappe.migrate import migrate

# In the site's folder while it is being made: whoever is killed meanwhile cannot clear up.
MAKING = ".creating"
# What the apps' files were like at the last migration.
MIGRATED = ".migrated"
# Easy to copy from a screen: none looks like another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_WATCHED = (".json", ".txt", ".csv", "hooks.py")


def prepare_sites(bench: Bench) -> dict[str, str]:
    """Create what is missing, migrate what is older than the apps' files. Nothing half made stays behind.

    Returns Administrator's passwords that were made up, by site: they are kept nowhere and have to be shown.
    """
    passwords: dict[str, str] = {}
    for site, options in bench.sites.items():
        if Path(site, MAKING).exists():
            click.echo(f"→ 站点 {site} 上次没有建完，重新创建")
            remove_site(site)
        if not Path(site, "site_config.json").is_file():
            if made_up := create_site(site, options.get("apps", bench.apps), options):
                passwords[site] = made_up
            continue
        with opened(site):
            current = fingerprint()
        migrated = Path(site, MIGRATED)
        if not migrated.exists() or migrated.read_text() != current:
            migrate_site(site)
    return passwords


def create_site(site: str, apps: list[str], options: dict) -> str | None:
    """New site, apps, and the apps' own preparation (hook `bench_prepare`, called with the site's options).

    Returns the password of Administrator if neither ADMIN_PASSWORD nor the options (`admin_password`) gave one.
    """
    click.echo(f"→ 创建站点 {site}")
    given = os.environ.get("ADMIN_PASSWORD") or options.get("admin_password")
    password = given or "".join(secrets.choice(_LETTERS) for _ in range(16))
    Path(site).mkdir(exist_ok=True)
    Path(site, MAKING).touch()
    new_site(
        site,
        admin_password=password,
        install_apps=apps,
        root_login=options.get("db_root_username", "root"),
        root_password=options.get("db_root_password", ""),
    )
    Path(site, MIGRATED).write_text(fingerprint())
    methods = frappe.get_hooks("bench_prepare")
    frappe.destroy()
    try:
        for method in methods:
            with opened(site):
                frappe.get_attr(method)(options=options, say=click.echo)
    except BaseException:
        remove_site(site)
        raise
    Path(site, MAKING).unlink()
    return None if given else password


def migrate_site(site: str) -> None:
    click.echo(f"→ 更新站点 {site}")
    with maintenance(site, f"bench --site {site} migrate"), opened(site):
        migrate()
        close_to_others(Path(site))
        Path(site, MIGRATED).write_text(fingerprint())


def fingerprint() -> str:
    """Changes when a file changes that `bench migrate` would have to read, comes or goes."""
    folders = [Path(frappe.get_app_path(app)) for app in frappe.get_installed_apps()]
    files = [path for folder in folders for path in folder.rglob("*") if path.name.endswith(_WATCHED)]
    return f"{len(files)} {sum(path.stat().st_mtime_ns for path in files)}"
