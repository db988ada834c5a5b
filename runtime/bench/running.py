"""Commands that run things: web server, workers, scheduler, functions, tests."""

from __future__ import annotations

import ast
import code
import json
import sys
from typing import Any

import click

from bench.context import opened, sites_of


@click.command("start", help="Start web server, workers, scheduler, extra processes of bench-config.json.")
@click.option(
    "--prepare", is_flag=True, help="Create the sites that bench-config.json names, if they are missing."
)
@click.option("--port", type=int, help="Port of the web server.")
@click.pass_context
def start(context: click.Context, prepare: bool, port: int | None) -> None:
    from bench.start import start_bench

    sys.exit(start_bench(context.obj["bench"], prepare=prepare, port=port))


@click.command("serve", help="Start only the web server.")
@click.option("--port", type=int, default=8000, show_default=True)
@click.option("--workers", type=int, default=1, show_default=True)
@click.pass_context
def serve(context: click.Context, port: int, workers: int) -> None:
    from bench.start import free_port
    from bench.web import serve_web

    site = sites_of(context)[0]
    chosen = free_port("web", port)
    click.echo(f"{site}  http://127.0.0.1:{chosen}")
    serve_web(chosen, workers, site=site)


@click.command("worker", help="Run background jobs.")
@click.option("--queue", help="Queues, comma separated, first ones first (default: short,default,long).")
@click.option("--burst", is_flag=True, help="End when no job is waiting.")
@click.option("--quiet", is_flag=True)
def worker(queue: str | None, burst: bool, quiet: bool) -> None:
    from frappe.utils.worker import main

    done = main(queue.split(",") if queue else None, burst=burst, quiet=quiet)
    if not quiet:
        click.echo(f"{done} jobs done")


@click.command("schedule", help="Queue scheduled jobs when they are due.")
def schedule() -> None:
    from frappe.utils.scheduler import start_scheduler

    start_scheduler()


@click.command("scheduler", help="Switch the scheduler of a site on or off, or show its state.")
@click.argument("state", type=click.Choice(["enable", "disable", "status"]))
@click.pass_context
def scheduler(context: click.Context, state: str) -> None:
    from frappe.utils import scheduler as module

    for site in sites_of(context):
        with opened(site):
            if state != "status":
                module.toggle_scheduler(state == "enable")
            click.echo(f"{site}: {module.get_scheduler_status()['status']}")


@click.command(
    "execute", help="Call a function, e.g. `bench execute app.module.function --kwargs '{\"a\": 1}'`."
)
@click.argument("method")
@click.option("--args", "args_", help="Positional arguments as a list.")
@click.option("--kwargs", help="Named arguments as a dict.")
@click.pass_context
def execute(context: click.Context, method: str, args_: str | None, kwargs: str | None) -> None:
    from frappe.utils.response import json_handler

    for site in sites_of(context):
        with opened(site) as frappe:
            result = _resolve(method)(*literal(args_, []), **literal(kwargs, {}))
            frappe.db.commit()
            if result is not None:
                try:
                    click.echo(json.dumps(result, default=json_handler, ensure_ascii=False))
                except TypeError:  # an object, such as RQ's job
                    click.echo(repr(result))


def _resolve(method: str) -> Any:
    """A function of a module, or of an object such as `frappe.db`."""
    import frappe

    try:
        return frappe.get_attr(method)
    except ModuleNotFoundError:
        first, *rest = method.split(".")
        found: Any = frappe.get_module(first)
        for name in rest:
            found = getattr(found, name)
        return found


def literal(text: str | None, default: Any) -> Any:
    """JSON, or a Python literal."""
    if not text:
        return default
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    raise click.BadParameter(f"既不是 JSON 也不是 Python 字面量：{text}")


@click.command("console", help="Python prompt with the site open.")
@click.pass_context
def console(context: click.Context) -> None:
    site = sites_of(context)[0]
    with opened(site) as frappe:
        code.interact(banner=f"{site} (Administrator)", local={"frappe": frappe}, exitmsg="")
        frappe.db.rollback()


@click.command("run-tests", help="Run the tests of an app (pytest) on the site.")
@click.option("--app", help="App to test (default: all apps of the bench).")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run_tests(context: click.Context, app: str | None, pytest_arguments: tuple[str, ...]) -> None:
    import pytest

    from frappe import get_all_apps, get_app_path

    site = sites_of(context)[0]
    with opened(site, connect=False) as frappe:
        if not frappe.conf.allow_tests:
            raise click.ClickException(f"站点 {site} 不允许测试。先执行 bench set-config -p allow_tests true")
    apps = [app] if app else get_all_apps(sites_path=".")[1:]
    sys.exit(pytest.main([*map(get_app_path, apps), *pytest_arguments]))
