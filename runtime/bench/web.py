"""The web server: granian running `frappe.app:application` in processes and threads."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import re
from typing import Any

THREADS = 4


def serve_web(port: int, workers: int = 1, site: str | None = None, default_site: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT. With `site`, only that one; else by Host header, or the default site."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    import frappe.app

    frappe.app._sites_path = os.getcwd()
    frappe.app._site = site
    frappe.app._default_site = default_site

    preload()

    def load(_target: str) -> Any:
        return frappe.app.application

    Granian(
        "frappe.app:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=256,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve(target_loader=load)


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
