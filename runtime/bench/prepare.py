"""`bench start --prepare`: the sites that bench-config.json names exist, with their apps, and are up to date."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

import frappe
from bench.context import maintenance, opened
from bench.root import Bench
from bench.sites import remove_site

_WATCHED = (".json", ".txt", ".csv", "hooks.py")


def prepare_sites(bench: Bench) -> None:
    """Create what is missing, migrate what is older than the apps' files. Nothing half made stays behind."""
    for site, options in bench.sites.items():
        if _mark(site).exists():
            click.echo(f"→ 站点 {site} 上次没有建完，重新创建")
            remove_site(site)
        if not Path(site, "site_config.json").is_file():
            create_site(site, options.get("apps", bench.apps), options)
            continue
        with opened(site):
            current = fingerprint()
        if not _stamp(site).exists() or _stamp(site).read_text() != current:
            click.echo(f"→ 更新站点 {site}")
            migrate_site(site)


def create_site(site: str, apps: list[str], options: dict) -> None:
    """New site, apps, and the apps' own preparation (hook `bench_prepare`, called with the site's options)."""
    from frappe.installer import new_site

    click.echo(f"→ 创建站点 {site}")
    _mark(site).parent.mkdir(exist_ok=True)
    _mark(site).touch()
    try:
        new_site(
            site,
            admin_password=options.get("admin_password", "admin"),
            install_apps=apps,
            root_login=options.get("db_root_username", "root"),
            root_password=options.get("db_root_password", ""),
        )
        methods = frappe.get_hooks("bench_prepare")
        _stamp(site).write_text(fingerprint())
        frappe.destroy()
        for method in methods:
            with opened(site):
                frappe.get_attr(method)(options=options, say=click.echo)
    except BaseException:
        frappe.destroy()
        remove_site(site)
        raise
    _mark(site).unlink()


def migrate_site(site: str) -> None:
    from frappe.migrate import migrate

    click.echo(f"Migrating {site}")
    with maintenance(site, f"bench --site {site} migrate"), opened(site):
        migrate()
        _stamp(site).write_text(fingerprint())


def _mark(site: str) -> Path:
    """In the site's folder while it is being made: whoever is killed meanwhile cannot clear up."""
    return Path(site, ".creating")


def _stamp(site: str) -> Path:
    return Path(site, ".migrated")


def fingerprint() -> str:
    """Changes when a file changes that `bench migrate` would have to read."""
    digest = hashlib.sha256()
    for app in frappe.get_installed_apps():
        for path in sorted(Path(frappe.get_app_path(app)).rglob("*")):
            if path.name.endswith(_WATCHED):
                status = path.stat()
                digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
