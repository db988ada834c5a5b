"""Commands about sites: create, delete, apps, configuration."""

from __future__ import annotations

import os
import shutil
from typing import Any

import click

import frappe
from bench.context import opened, sites_of, update_json
from frappe import installer

_root_login = click.option(
    "--db-root-username", "--mariadb-root-username", "root_login", default="root", show_default=True
)
_root_password = click.option("--db-root-password", "--mariadb-root-password", "root_password", default="")


@click.command("new-site", help="Create a site.")
@click.argument("site")
@click.option("--admin-password", help="Password of Administrator (asked for when missing).")
@click.option("--install-app", "apps", multiple=True, help="App to install; may be repeated.")
@click.option("--force", is_flag=True, help="Replace a site of this name.")
@click.option("--db-type", type=click.Choice(["sqlite", "mariadb"]), help="Default: by the bench's profile.")
@click.option("--db-host")
@click.option("--db-port", type=int)
@click.option("--db-socket")
@click.option("--db-name", help="Default: made from the site's name.")
@click.option("--db-password", help="Default: a random one.")
@_root_login
@_root_password
@click.pass_context
def new_site(
    context: click.Context,
    site: str,
    admin_password: str | None,
    apps: tuple[str, ...],
    force: bool,
    root_login: str,
    root_password: str,
    **database: Any,
) -> None:
    if site in context.obj["bench"].existing_sites():
        if not force:
            raise click.ClickException(f"站点 {site} 已存在。要替换它请加 --force（数据会丢失）。")
        remove_site(site, root_login, root_password)
    password = admin_password or click.prompt("Administrator 密码", hide_input=True, confirmation_prompt=True)
    try:
        installer.new_site(
            site,
            admin_password=password,
            install_apps=list(apps),
            force=force,
            site_config={key: value for key, value in database.items() if value is not None},
            root_login=root_login,
            root_password=root_password,
        )
    finally:
        frappe.destroy()
    click.echo(f"站点 {site} 已创建" + (f"，应用：{'、'.join(apps)}" if apps else ""))


@click.command("drop-site", help="Delete a site with all its data. There is no backup of it afterwards.")
@click.argument("site")
@click.option("--yes", "--force", "yes", is_flag=True, help="Do not ask.")
@click.option("--no-backup", is_flag=True, expose_value=False, help="As on stock; there is none anyway.")
@_root_login
@_root_password
@click.pass_context
def drop_site(context: click.Context, site: str, yes: bool, root_login: str, root_password: str) -> None:
    if site not in context.obj["bench"].existing_sites():
        raise click.ClickException(f"站点 {site} 不存在。")
    if not yes:
        click.confirm(f"站点 {site} 的全部数据将被删除，继续吗？", abort=True)
    remove_site(site, root_login, root_password)
    click.echo(f"站点 {site} 已删除")


def remove_site(site: str, root_login: str | None = None, root_password: str | None = None) -> None:
    """Delete the site's folder, after letting go of its files, and its database."""
    from frappe.database import drop_database

    if not os.path.isdir(site):
        return
    frappe.init(site, sites_path=".", new_site=True, force=True)
    if os.path.exists(f"{site}/site_config.json"):
        frappe.flags.root_login, frappe.flags.root_password = root_login, root_password
        drop_database()
    frappe.cache.forget_site()
    frappe.destroy()
    shutil.rmtree(site)


@click.command("install-app", help="Install apps on a site.")
@click.argument("apps", nargs=-1, required=True)
@click.pass_context
def install_app(context: click.Context, apps: tuple[str, ...]) -> None:
    for site in sites_of(context):
        for app in apps:
            with opened(site):
                installer.install_app(app)
            click.echo(f"{site}: {app} 已安装")


@click.command("list-apps", help="Apps installed on a site.")
@click.pass_context
def list_apps(context: click.Context) -> None:
    for site in sites_of(context):
        with opened(site):
            for app in frappe.get_installed_apps():
                click.echo(f"{app} {installer.app_version(app)}")


@click.command(
    "migrate", help="Bring a site up to its apps: patches, DocTypes, fixtures. Meanwhile HTTP answers 503."
)
@click.pass_context
def migrate(context: click.Context) -> None:
    from bench.prepare import migrate_site

    for site in sites_of(context):
        migrate_site(site)
        click.echo(f"{site} 已更新")


@click.command("set-config", help="Set a value in site_config.json.")
@click.argument("key")
@click.argument("value")
@click.option("-g", "--global", "global_", is_flag=True, help="In common_site_config.json, for all sites.")
@click.option("-p", "--parse", is_flag=True, help="The value is JSON or a Python literal, not text.")
@click.pass_context
def set_config(context: click.Context, key: str, value: str, global_: bool, parse: bool) -> None:
    from bench.running import literal

    paths = ["common_site_config.json"] if global_ else [f"{s}/site_config.json" for s in sites_of(context)]
    for path in paths:
        update_json(path, **{key: literal(value, None) if parse else value})


@click.command("set-admin-password", help="Set the password of Administrator.")
@click.argument("password", required=False)
@click.pass_context
def set_admin_password(context: click.Context, password: str | None) -> None:
    from frappe.utils.password import update_password

    password = password or click.prompt("Administrator 密码", hide_input=True, confirmation_prompt=True)
    for site in sites_of(context):
        with opened(site):
            update_password("Administrator", password, logout_all_sessions=True)
