"""The state of one request or job: `frappe.local`, and how it is set up and torn down."""

from __future__ import annotations

import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from werkzeug.local import LocalProxy

from frappe.types import _dict

# Every thread serves one request or job at a time, so plain thread-local storage is what `frappe.local` needs.
local = threading.local()


def _proxy(name: str) -> Any:
    """Typed as Any: what stands behind a proxy is known only at run time."""

    def current() -> Any:
        try:
            return getattr(local, name)
        except AttributeError:
            message = f"frappe.{name} is there only between frappe.init and frappe.destroy"
            raise RuntimeError(message) from None

    return LocalProxy(current)


db = _proxy("db")
qb = _proxy("qb")
conf = _proxy("conf")
form_dict = _proxy("form_dict")
request = _proxy("request")
response = _proxy("response")
session = _proxy("session")
flags = _proxy("flags")
lang = _proxy("lang")


def get_site_config(sites_path: str | None = None, site_path: str | None = None) -> _dict:
    """`common_site_config.json` overlaid by the `site_config.json` of the site."""
    sites_path = sites_path or getattr(local, "sites_path", None)
    site_path = site_path or getattr(local, "site_path", None)
    config: _dict = _dict()
    if sites_path:
        config.update(read_when_changed(f"{sites_path}/common_site_config.json", json.loads) or {})
    if site_path:
        own = read_when_changed(f"{site_path}/site_config.json", json.loads)
        if own is None and not (getattr(local, "flags", None) and local.flags.new_site):
            import frappe

            raise frappe.IncorrectSitePath(f"{site_path} does not exist")
        config.update(own or {})
    return config


_files: dict[str, tuple[tuple[int, int, int], Any]] = {}


def read_when_changed(path: str, parse: Callable[[str], Any]) -> Any:
    """What a file says, parsed again only when it was written since; None if there is none. Not to be changed."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    version = (status.st_mtime_ns, status.st_size, status.st_ino)
    known = _files.get(path)
    if not known or known[0] != version:
        with open(path, encoding="utf-8") as file:
            known = _files[path] = (version, parse(file.read()))
    return known[1]


def init(site: str, sites_path: str = ".", new_site: bool = False, force: bool = False) -> None:
    """Prepare `frappe.local` for a site; nothing is opened yet."""
    if getattr(local, "initialised", False) and not force:
        return
    import frappe

    local.flags = _dict(new_site=new_site, currently_saving=[])
    site_path = os.path.join(sites_path, site) if site else None
    local.site_path, local.sites_path = site_path, sites_path
    config = get_site_config(sites_path, site_path)
    vars(local).update(
        site=site,
        conf=config,
        lang=config.lang or "en",
        message_log=[],
        response=_dict(),
        form_dict=_dict(),
        request_ip=None,
        request_cache=defaultdict(dict),
        cache={},
        fronts=None,
        new_doc_templates={},
        session=_dict(user="Guest", sid="Guest", data=_dict()),
        qb=frappe.query_builder.Builder,
    )
    frappe.installed.setup_module_map()
    local.initialised = True


def connect(set_admin_as_user: bool = True) -> None:
    """Open the site's database; scripts go on as Administrator."""
    import frappe

    local.db = frappe.database.get_db()
    if set_admin_as_user:
        set_user("Administrator")


def destroy() -> None:
    """Close the database and forget everything about this request or job."""
    if opened := getattr(local, "db", None):
        opened.close()
    vars(local).clear()


def set_user(username: str) -> None:
    """Go on as another user: session and permission caches start afresh."""
    local.session.update(user=username, sid=username, data=_dict())
    vars(local).update(cache={}, form_dict=_dict(), new_doc_templates={})
