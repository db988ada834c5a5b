"""`bench [--site SITE] COMMAND`: the commands of operators, and those that apps add."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import click

from bench.root import Bench, find_bench

# A command's module is imported only when the command is used: `bench start` must be quick.
COMMANDS = {
    "new-site": "bench.sites:new_site",
    "drop-site": "bench.sites:drop_site",
    "install-app": "bench.sites:install_app",
    "uninstall-app": "bench.sites:uninstall_app",
    "list-apps": "bench.sites:list_apps",
    "migrate": "bench.sites:migrate",
    "set-config": "bench.sites:set_config",
    "set-admin-password": "bench.sites:set_admin_password",
    "clear-cache": "bench.sites:clear_cache",
    "serve": "bench.running:serve",
    "start": "bench.running:start",
    "worker": "bench.running:worker",
    "schedule": "bench.running:schedule",
    "scheduler": "bench.running:scheduler",
    "execute": "bench.running:execute",
    "console": "bench.running:console",
    "run-tests": "bench.running:run_tests",
    "doctor": "bench.doctor:doctor",
    "backup": "bench.backups:backup",
    "restore": "bench.backups:restore",
}


class Commands(click.MultiCommand):
    """The table above, then the `commands` lists of the apps."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted(_app_commands())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            module, _, attribute = COMMANDS[name].partition(":")
            return getattr(importlib.import_module(module), attribute)
        return _app_commands().get(name)


def _app_commands() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    import frappe

    for app in frappe.get_all_apps(sites_path="."):
        try:
            module = importlib.import_module(f"{app}.commands")
        except ModuleNotFoundError as error:
            if error.name != f"{app}.commands":
                raise
            continue
        found.update({command.name: command for command in getattr(module, "commands", [])})
    return found


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--site", help="Site to work on; `all` for every site. Default: the bench's default site.")
@click.option("--verbose", is_flag=True, help="Tell more.")
@click.option("--force", is_flag=True, help="Do it although something speaks against it.")
@click.pass_context
def cli(context: click.Context, site: str | None, verbose: bool, force: bool) -> None:
    """Set up, run and look after the sites of this bench."""
    bench = find_bench()
    bench.enter()
    context.obj = {"bench": bench, "sites": _sites(bench, site), "verbose": verbose, "force": force}


def _sites(bench: Bench, site: str | None) -> list[str]:
    if site == "all":
        return bench.existing_sites()
    chosen = site or bench.site_to_use()
    return [chosen] if chosen else []


def main(arguments: list[str] | None = None) -> Any:
    """Entry point; errors that are the operator's to mend are told in one line."""
    # pypdf imports a cipher that nothing here uses; operators cannot do anything about it.
    warnings.filterwarnings("ignore", message="ARC4 has been moved")
    import frappe

    try:
        return cli(args=arguments, prog_name="bench", standalone_mode=True)
    except (frappe.ValidationError, frappe.IncorrectSitePath, frappe.SiteNotSpecifiedError) as error:
        text = str(error) or "没有指定站点。请用 --site 给出，或在 bench-config.json 中设置 default_site。"
        click.secho(text, fg="red", err=True)
        sys.exit(1)
