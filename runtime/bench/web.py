"""The web server: granian running `frappe.app:application` behind the gate, in processes and threads."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import re
import resource
from typing import Any

from bench.gate import Gate, Limits

THREADS = 4
MOST_REQUESTS = 2048  # of one process at a time; most of them wait for their body or for a thread


def serve_web(port: int, workers: int = 1, site: str | None = None, default_site: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT. With `site`, only that one; else by Host header, or the default site."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    import frappe
    import frappe.app

    frappe.app._sites_path = os.getcwd()
    frappe.app._site = site
    frappe.app._default_site = default_site

    preload()

    config = frappe.get_site_config(sites_path=".")
    gate = Gate(frappe.app.application, frappe.app.body_limit, THREADS, Limits.configured(config))
    _allow_many_connections()

    def load(_target: str) -> Any:
        return gate

    Granian(
        "frappe.app:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        backpressure=MOST_REQUESTS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve(target_loader=load)


def _allow_many_connections() -> None:
    """A connection is a file, of which a process may often have no more than 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else 65536
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(most, 65536)), hard))


def preload() -> None:
    """Import what requests need and the modules that the hooks of the apps name before the workers are forked: they
    share them, and the first requests need not wait. What is there now is never collected, so that its pages stay shared."""
    import frappe

    config = frappe.get_site_config(sites_path=".")
    importlib.import_module(f"frappe.database.{config.get('db_type') or 'sqlite'}.database")
    importlib.import_module("frappe.model.db_query")
    importlib.import_module("pydantic.type_adapter")
    if config.get("redis_cache"):
        importlib.import_module("redis")
    for app in frappe.get_all_apps(sites_path="."):
        hooks = vars(importlib.import_module(f"{app}.hooks"))
        told = repr([value for name, value in hooks.items() if not name.startswith("_")])
        for name in dict.fromkeys(re.findall(rf"'({app}(?:\.\w+)+)'", told)):
            with contextlib.suppress(ImportError, AttributeError):  # no module, nor a function of one
                pkgutil.resolve_name(name)
    gc.collect()
    gc.freeze()
