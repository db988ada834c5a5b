"""`bench [--site SITE] COMMAND`: the commands of operators, and those that apps add.

What a command needs is imported when it is used: `bench start` must be quick.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
import pkgutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import frappe
from bench.context import opened, remove_site, sites_of
from bench.root import find_bench
from frappe import installer


class Commands(click.Group):
    """The commands of this file, then the `commands` lists of the apps."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *sorted(_app_commands())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.commands.get(cmd_name) or _app_commands().get(cmd_name)


def _app_commands() -> dict[str, click.Command]:
    """Asked for before `cli` runs, from wherever `bench` is called."""
    find_bench().enter()
    names = [f"{app}.commands" for app in frappe.get_all_apps(sites_path=".")]
    modules = [frappe.get_module(name) for name in names if importlib.util.find_spec(name)]
    return {command.name: command for module in modules for command in getattr(module, "commands", [])}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--site", help="Site to work on; `all` for every site. Default: the bench's default site.")
@click.pass_context
def cli(context: click.Context, site: str | None) -> None:
    """Set up, run and look after the sites of this bench."""
    bench = find_bench()
    bench.enter()
    chosen = site or bench.site_to_use()
    sites = bench.existing_sites() if site == "all" else [chosen] if chosen else []
    context.obj = frappe._dict(bench=bench, sites=sites)


def _command(function: Callable) -> click.Command:
    """A command that gets the context, with `bench` and `sites`, as first argument."""
    return cli.command()(click.pass_obj(function))


def main() -> None:
    """Entry point; errors that are the operator's to mend are told in one line."""
    # pypdf imports a cipher that nothing here uses; operators cannot do anything about it.
    warnings.filterwarnings("ignore", message="ARC4 has been moved")
    try:
        cli(prog_name="bench")
    except (frappe.ValidationError, frappe.IncorrectSitePath, frappe.SiteNotSpecifiedError) as error:
        text = str(error) or "没有指定站点。请用 --site 给出，或在 bench-config.json 中设置 default_site。"
        click.secho(text, fg="red", err=True)
        sys.exit(1)


def literal(text: str) -> Any:
    """JSON, or a Python literal."""
    for read in (json.loads, ast.literal_eval):
        with contextlib.suppress(ValueError, SyntaxError):
            return read(text)
    raise click.BadParameter(f"既不是 JSON 也不是 Python 字面量：{text}")


# -- sites and their apps ------------------------------------------------------------------------------------------

_root_login = click.option("--db-root-username", "--mariadb-root-username", "root_login", default="root")
_root_password = click.option("--db-root-password", "--mariadb-root-password", "root_password", default="")


@_command
@click.argument("site")
@click.option("--admin-password", prompt="Administrator 密码", hide_input=True, confirmation_prompt=True)
@click.option("--install-app", "install_apps", multiple=True, help="App to install; may be repeated.")
@click.option("--force", is_flag=True, help="Replace a site of this name.")
@click.option("--db-type", type=click.Choice(["sqlite", "mariadb"]), help="Default: by the bench's profile.")
@click.option("--db-host")
@click.option("--db-port", type=int)
@click.option("--db-socket")
@click.option("--db-name", help="Default: made from the site's name.")
@click.option("--db-password", help="Default: a random one.")
@_root_login
@_root_password
def new_site(context: frappe._dict, site: str, force: bool, **options: Any) -> None:
    """Create a site."""
    if site in context.bench.existing_sites():
        if not force:
            raise click.ClickException(f"站点 {site} 已存在。要替换它请加 --force（数据会丢失）。")
        remove_site(site, options["root_login"], options["root_password"])
    database = {key: options.pop(key) for key in list(options) if key.startswith("db_")}
    chosen = {key: value for key, value in database.items() if value is not None}
    installer.new_site(site, site_config=chosen, **options)
    frappe.destroy()
    apps = options["install_apps"]
    click.echo(f"站点 {site} 已创建" + (f"，应用：{'、'.join(apps)}" if apps else ""))


@_command
@click.argument("site")
@click.option("--yes", "--force", "yes", is_flag=True, help="Do not ask.")
@click.option("--no-backup", is_flag=True, expose_value=False, help="As on stock; there is none anyway.")
@_root_login
@_root_password
def drop_site(context: frappe._dict, site: str, yes: bool, root_login: str, root_password: str) -> None:
    """Delete a site with all its data. There is no backup of it afterwards."""
    if site not in context.bench.existing_sites():
        raise click.ClickException(f"站点 {site} 不存在。")
    if not yes:
        click.confirm(f"站点 {site} 的全部数据将被删除，继续吗？", abort=True)
    remove_site(site, root_login, root_password)
    click.echo(f"站点 {site} 已删除")


@_command
@click.argument("apps", nargs=-1, required=True)
def install_app(context: frappe._dict, apps: tuple[str, ...]) -> None:
    """Install apps on a site."""
    for site in sites_of(context):
        for app in apps:
            with opened(site):
                installer.install_app(app)
            click.echo(f"{site}: {app} 已安装")


@_command
def list_apps(context: frappe._dict) -> None:
    """Apps installed on a site."""
    for site in sites_of(context):
        with opened(site):
            for app in frappe.get_installed_apps():
                click.echo(f"{app} {installer.app_version(app)}")


@_command
def migrate(context: frappe._dict) -> None:
    """Bring a site up to its apps: patches, DocTypes, fixtures. Meanwhile HTTP answers 503."""
    from bench.prepare import migrate_site

    for site in sites_of(context):
        migrate_site(site)
        click.echo(f"{site} 已更新")


@_command
@click.argument("key")
@click.argument("value")
@click.option("-g", "--global", "global_", is_flag=True, help="In common_site_config.json, for all sites.")
@click.option("-p", "--parse", is_flag=True, help="The value is JSON or a Python literal, not text.")
def set_config(context: frappe._dict, key: str, value: str, global_: bool, parse: bool) -> None:
    """Set a value in site_config.json."""
    paths = ["common_site_config.json"] if global_ else [f"{s}/site_config.json" for s in sites_of(context)]
    for path in paths:
        installer.update_json(path, **{key: literal(value) if parse else value})


@_command
@click.argument("password", required=False)
def set_admin_password(context: frappe._dict, password: str | None) -> None:
    """Set the password of Administrator."""
    from frappe.utils import password_policy
    from frappe.utils.password import update_password

    password = password or click.prompt("Administrator 密码", hide_input=True, confirmation_prompt=True)
    for site in sites_of(context):
        with opened(site):
            frappe.local.lang = "zh"
            password_policy.check(password, ["Administrator"])
            update_password("Administrator", password, logout_all_sessions=True)


# -- what runs -----------------------------------------------------------------------------------------------------


@_command
@click.option("--prepare", is_flag=True, help="Make or migrate the sites that bench-config.json names.")
@click.option("--port", type=int, help="Port of the web server.")
def start(context: frappe._dict, prepare: bool, port: int | None) -> None:
    """Start web server, workers, scheduler, extra processes of bench-config.json."""
    from bench.start import start_bench

    sys.exit(start_bench(context.bench, prepare, port))


@_command
@click.option("--port", type=int, default=8000, show_default=True)
@click.option("--workers", type=int, default=1, show_default=True)
def serve(context: frappe._dict, port: int, workers: int) -> None:
    """Start only the web server."""
    from bench.start import free_port
    from bench.web import serve_web

    site = sites_of(context)[0]
    chosen = free_port("web", port)
    click.echo(f"{site}  http://127.0.0.1:{chosen}")
    serve_web(chosen, workers, site=site)


@cli.command()
@click.option("--queue", help="Queues, comma separated, first ones first (default: short,default,long).")
@click.option("--burst", is_flag=True, help="End when no job is waiting.")
def worker(queue: str | None, burst: bool) -> None:
    """Run background jobs."""
    from frappe.utils.worker import main as work

    click.echo(f"{work(queue.split(',') if queue else None, burst=burst)} jobs done")


@cli.command()
def schedule() -> None:
    """Queue scheduled jobs when they are due."""
    from frappe.utils.scheduler import start_scheduler

    start_scheduler()


@_command
@click.argument("state", type=click.Choice(["enable", "disable", "status"]))
def scheduler(context: frappe._dict, state: str) -> None:
    """Switch the scheduler of a site on or off, or show its state."""
    from frappe.utils.scheduler import is_scheduler_inactive, toggle_scheduler

    for site in sites_of(context):
        with opened(site):
            if state != "status":
                toggle_scheduler(state == "enable")
            click.echo(f"{site}: {'inactive' if is_scheduler_inactive() else 'active'}")


@_command
@click.argument("method")
@click.option("--args", type=literal, default="[]", help="Positional arguments as a list.")
@click.option("--kwargs", type=literal, default="{}", help="Named arguments as a dict.")
def execute(context: frappe._dict, method: str, args: list, kwargs: dict) -> None:
    """Call a function and print what it returns: `bench execute app.module.function --kwargs '{"a": 1}'`."""
    from frappe.utils.response import json_handler

    for site in sites_of(context):
        with opened(site):
            result = pkgutil.resolve_name(method)(*args, **kwargs)
            frappe.db.commit()
            if result is not None:
                try:
                    click.echo(json.dumps(result, default=json_handler, ensure_ascii=False))
                except TypeError:  # an object, such as RQ's job
                    click.echo(repr(result))


@_command
def console(context: frappe._dict) -> None:
    """Python prompt with the site open."""
    import code

    site = sites_of(context)[0]
    with opened(site):
        code.interact(banner=f"{site} (Administrator)", local={"frappe": frappe}, exitmsg="")
        frappe.db.rollback()


@_command
@click.option("--app", help="App to test (default: all apps of the bench).")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def run_tests(context: frappe._dict, app: str | None, pytest_arguments: tuple[str, ...]) -> None:
    """Run the tests of an app (pytest) on the site."""
    import pytest

    site = sites_of(context)[0]
    if not frappe.get_site_config(".", site).allow_tests:
        raise click.ClickException(f"站点 {site} 不允许测试。先执行 bench set-config -p allow_tests true")
    apps = [app] if app else context.bench.apps
    sys.exit(pytest.main([*map(frappe.get_app_path, apps), *pytest_arguments]))


# -- looking after sites -------------------------------------------------------------------------------------------


@_command
def doctor(context: frappe._dict) -> None:
    """Check programs, fonts, disk, clock, servers, sites, backups, scheduler and jobs."""
    from bench.doctor import checks

    marks = {True: ("✓", None), False: ("✗", "red"), None: ("!", "yellow")}
    failed = False
    for ok, name, text in checks(context.bench):
        mark, colour = marks[ok]
        click.secho(f"{mark} {name}: {text}", fg=colour)
        failed = failed or ok is False
    sys.exit(1 if failed else 0)


@_command
@click.option("--with-files/--without-files", default=True, show_default=True, help="Uploaded files, too.")
@click.option("--backup-path", type=click.Path(file_okay=False, path_type=Path), help="Another folder.")
@click.option("--encrypt", is_flag=True, help="With backup_encryption_key of the site; made if missing.")
def backup(context: frappe._dict, with_files: bool, backup_path: Path | None, encrypt: bool) -> None:
    """Write a backup of the site to sites/<site>/private/backups (kept 30 days)."""
    from bench.backups import backup_site

    for site in sites_of(context):
        for path in backup_site(Path(site), backup_path, with_files, encrypt):
            click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@_command
@click.argument("backup", type=_EXISTING)
@click.option("--site-config", type=_EXISTING, help="Default: beside the backup.")
@click.option("--encryption-key", help="Default: backup_encryption_key of the site.")
@click.option("--force", "--yes", "force", is_flag=True, help="Do not ask.")
def restore(
    context: frappe._dict, backup: Path, site_config: Path | None, encryption_key: str | None, force: bool
) -> None:
    """Replace a site by a backup (or make it anew). Stop the bench before."""
    from bench.backups import restore_site

    if not context.sites:
        raise frappe.SiteNotSpecifiedError
    site = context.sites[0]
    if site in context.bench.existing_sites() and not force:
        click.confirm(f"站点 {site} 的现有数据将被 {backup} 替换，继续吗？", abort=True)
    with context.bench.locked():
        restore_site(Path(site), backup, site_config, encryption_key)
    click.echo(f"已恢复 {site}。接着执行 bench --site {site} migrate。")


@_command
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), help="Default: <site>.export.tar.gz here."
)
def export_site(context: frappe._dict, to: Path | None) -> None:
    """Write all data of the site to one archive, for `bench import-site`."""
    from bench.export import export

    site = sites_of(context)[0]
    path = (to or Path(f"{site}.export.tar.gz")).absolute()
    counts = export(site, path)
    click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB，{len(counts)} 张表，{sum(counts.values())} 行")
    click.echo("档案里有密钥和密码摘要，请妥善保管，用完删除。")
