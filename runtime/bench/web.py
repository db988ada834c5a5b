"""The web server: granian running `frappe.app:application` in processes and threads."""

from __future__ import annotations

import os
from typing import Any

THREADS = 4


def serve_web(
    host: str, port: int, workers: int = 1, site: str | None = None, default_site: str | None = None
) -> None:
    """Serve until SIGTERM or SIGINT. With `site`, only that one; else by Host header, or the default site."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    import frappe.app

    frappe.app._sites_path = os.getcwd()
    frappe.app._site = site
    frappe.app._default_site = default_site

    def load(_target: str) -> Any:
        return frappe.app.application

    Granian(
        "frappe.app:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backlog=1024,
        backpressure=256,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        process_name=None,
    ).serve(target_loader=load)
