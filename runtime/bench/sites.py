"""Commands about sites: create, delete, apps, configuration."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import click

from bench.context import opened, sites_of


@click.command("new-site", help="Create a site.")
@click.argument("site")
@click.option("--admin-password", help="Password of Administrator (asked for when missing).")
@click.option("--install-app", "apps", multiple=True, help="App to install; may be repeated.")
@click.option("--set-default", is_flag=True, help="Make it the bench's default site.")
@click.option("--force", is_flag=True, help="Replace a site of this name.")
@click.option("--db-type", default="sqlite", type=click.Choice(["sqlite"]), show_default=True)
@click.pass_context
def new_site(
    context: click.Context,
    site: str,
    admin_password: str | None,
    apps: tuple[str, ...],
    set_default: bool,
    force: bool,
    db_type: str,
) -> None:
    import frappe
    from frappe import installer

    existing = context.obj["bench"].existing_sites()
    if site in existing and not (force or context.obj["force"]):
        raise click.ClickException(f"站点 {site} 已存在。要替换它请加 --force（数据会丢失）。")
    password = admin_password or click.prompt("Administrator 密码", hide_input=True, confirmation_prompt=True)
    if site in existing:
        remove_site(site)
    try:
        installer.new_site(site, admin_password=password, install_apps=list(apps))
    except BaseException:
        remove_site(site)
        raise
    finally:
        frappe.destroy()
    if set_default:
        update_json("common_site_config.json", "default_site", site)
    click.echo(f"站点 {site} 已创建" + (f"，应用：{'、'.join(apps)}" if apps else ""))


@click.command("drop-site", help="Delete a site with all its data.")
@click.argument("site")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Do not ask.")
@click.option("--no-backup", is_flag=True, help="Accepted for compatibility: drop-site makes no backup.")
@click.pass_context
def drop_site(context: click.Context, site: str, yes: bool, force: bool, no_backup: bool) -> None:
    if site not in context.obj["bench"].existing_sites():
        raise click.ClickException(f"站点 {site} 不存在。")
    if not (yes or force or context.obj["force"]):
        click.confirm(f"站点 {site} 的全部数据将被删除，继续吗？", abort=True)
    remove_site(site)
    click.echo(f"站点 {site} 已删除")


def remove_site(site: str) -> None:
    """Delete the site's folder, after letting go of its files."""
    import frappe
    from frappe.database.sqlite import pool
    from frappe.utils.job_store import forget_store

    if os.path.isdir(site):
        frappe.init(site, sites_path=".", new_site=True, force=True)
        frappe.cache.forget_site()
        frappe.destroy()
        forget_store(site)
        pool.forget(os.path.join(site, "db", "site.sqlite3"))
        shutil.rmtree(site)


@click.command("install-app", help="Install apps on a site.")
@click.argument("apps", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Install again.")
@click.pass_context
def install_app(context: click.Context, apps: tuple[str, ...], force: bool) -> None:
    from frappe import installer

    for site in sites_of(context):
        for app in apps:
            with opened(site):
                installer.install_app(app, force=force or context.obj["force"])
            click.echo(f"{site}: {app} 已安装")


@click.command("uninstall-app", help="Remove an app and its data from a site.")
@click.argument("app")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-backup", is_flag=True, help="Do not make a backup before.")
@click.pass_context
def uninstall_app(context: click.Context, app: str, yes: bool, no_backup: bool) -> None:
    from pathlib import Path

    from bench.backups import backup_site
    from frappe import installer

    for site in sites_of(context):
        if not yes:
            click.confirm(f"{site}: 应用 {app} 及其全部数据将被删除，继续吗？", abort=True)
        if not no_backup:
            click.echo(f"备份：{backup_site(Path(site))[0]}")
        with opened(site):
            installer.remove_app(app, yes=True, no_backup=True)
        click.echo(f"{site}: {app} 已卸载")


@click.command("list-apps", help="Apps installed on a site.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def list_apps(context: click.Context, format_: str) -> None:
    found: dict[str, list[str]] = {}
    for site in sites_of(context):
        with opened(site) as frappe:
            found[site] = frappe.get_installed_apps()
            versions = {app: getattr(frappe.get_module(app), "__version__", "") for app in found[site]}
        if format_ == "text":
            click.echo("\n".join(f"{app} {versions[app]}".rstrip() for app in found[site]))
    if format_ == "json":
        click.echo(json.dumps(found))


@click.command("migrate", help="Bring a site up to its apps: patches, DocTypes, fixtures, translations.")
@click.option(
    "--skip-failing", is_flag=True, help="Accepted for compatibility: a failing patch always stops."
)
@click.pass_context
def migrate(context: click.Context, skip_failing: bool) -> None:
    from bench.prepare import migrate_site

    bench = context.obj["bench"]
    for site in sites_of(context):
        with opened(site) as frappe:
            apps = [app for app in frappe.get_installed_apps() if app != "frappe"]
        migrate_site(bench, site, apps)
        click.echo(f"{site} 已更新")


@click.command("set-config", help="Set a value in site_config.json.")
@click.argument("key")
@click.argument("value")
@click.option("-g", "--global", "global_", is_flag=True, help="In common_site_config.json, for all sites.")
@click.option("-p", "--parse", is_flag=True, help="The value is JSON or a Python literal, not text.")
@click.pass_context
def set_config(context: click.Context, key: str, value: str, global_: bool, parse: bool) -> None:
    from bench.running import _literal

    parsed = _literal({"true": "True", "false": "False"}.get(value, value), None) if parse else value
    if global_:
        update_json("common_site_config.json", key, parsed)
        return
    for site in sites_of(context):
        update_json(f"{site}/site_config.json", key, parsed)


def update_json(path: str, key: str, value: Any) -> None:
    """Set (or with None remove) one entry of a configuration file."""
    from pathlib import Path

    from bench.start import write_json

    file = Path(path)
    config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    config[key] = value
    write_json(file, {name: entry for name, entry in config.items() if entry is not None})


@click.command("set-admin-password", help="Set the password of Administrator.")
@click.argument("password", required=False)
@click.pass_context
def set_admin_password(context: click.Context, password: str | None) -> None:
    from frappe.utils.password import update_password

    password = password or click.prompt("Administrator 密码", hide_input=True, confirmation_prompt=True)
    for site in sites_of(context):
        with opened(site):
            update_password("Administrator", password, logout_all_sessions=True)


@click.command("clear-cache", help="Forget what is cached.")
@click.pass_context
def clear_cache(context: click.Context) -> None:
    for site in sites_of(context):
        with opened(site) as frappe:
            frappe.clear_cache()
