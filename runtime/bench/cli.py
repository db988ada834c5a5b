"""`bench [--site SITE] COMMAND`: the commands of operators, and those that apps add."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import click

from bench.root import find_bench

# A command's module is imported only when the command is used: `bench start` must be quick.
_MODULES = {
    "sites": "new-site drop-site install-app list-apps migrate set-config set-admin-password",
    "running": "serve start worker schedule scheduler execute console run-tests",
    "doctor": "doctor",
    "backups": "backup restore",
    "export": "export-site",
}
COMMANDS = {name: f"bench.{module}" for module, names in _MODULES.items() for name in names.split()}


class Commands(click.MultiCommand):
    """The table above, then the `commands` lists of the apps."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted(_app_commands())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            return getattr(importlib.import_module(COMMANDS[name]), name.replace("-", "_"))
        return _app_commands().get(name)


def _app_commands() -> dict[str, click.Command]:
    """Asked for before `cli` runs, from wherever `bench` is called."""
    import frappe

    find_bench().enter()
    found: dict[str, click.Command] = {}
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
@click.pass_context
def cli(context: click.Context, site: str | None) -> None:
    """Set up, run and look after the sites of this bench."""
    bench = find_bench()
    bench.enter()
    chosen = site or bench.site_to_use()
    sites = bench.existing_sites() if site == "all" else [chosen] if chosen else []
    context.obj = {"bench": bench, "sites": sites}


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
