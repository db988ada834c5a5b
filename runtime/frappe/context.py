"""The state of one request or job: `frappe.local`, and how it is set up and torn down."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from typing import Any

from werkzeug.local import Local, LocalProxy, release_local

from frappe.types import _dict

local = Local()


def _proxy(name: str) -> Any:
    """Typed as Any: what stands behind a proxy is known only at run time."""
    return LocalProxy(local, name)


db = _proxy("db")
qb = _proxy("qb")
conf = _proxy("conf")
form = form_dict = _proxy("form_dict")
request = _proxy("request")
job = _proxy("job")
response = _proxy("response")
session = _proxy("session")
user = _proxy("user")
flags = _proxy("flags")
error_log = _proxy("error_log")
debug_log = _proxy("debug_log")
message_log = _proxy("message_log")
lang = _proxy("lang")


def get_site_config(sites_path: str | None = None, site_path: str | None = None) -> _dict:
    """`common_site_config.json` overlaid by the `site_config.json` of the site."""
    config: _dict = _dict()
    sites_path = sites_path or getattr(local, "sites_path", None)
    site_path = site_path or getattr(local, "site_path", None)
    if sites_path:
        config.update(_read_config(os.path.join(sites_path, "common_site_config.json"), must_exist=False))
    if site_path:
        is_new = getattr(local, "flags", None) and local.flags.new_site
        config.update(_read_config(os.path.join(site_path, "site_config.json"), must_exist=not is_new))
    return config


_config_files: dict[str, tuple[tuple[int, int, int], str]] = {}


def _read_config(path: str, must_exist: bool) -> dict:
    """A configuration file; read again only when it was written since."""
    try:
        status = os.stat(path)
    except OSError:
        if not must_exist:
            return {}
        import frappe

        raise frappe.IncorrectSitePath(f"{os.path.dirname(path)} does not exist") from None
    version = (status.st_mtime_ns, status.st_size, status.st_ino)
    known = _config_files.get(path)
    if not known or known[0] != version:
        with open(path, encoding="utf-8") as file:
            known = _config_files[path] = (version, file.read())
    return json.loads(known[1])


def get_conf(site: str | None = None) -> _dict:
    """The configuration of the current site, or of `site`."""
    if getattr(local, "initialised", False) and (not site or site == local.site):
        return local.conf
    return get_site_config(".", os.path.join(".", site) if site else None)


def init(
    site: str, sites_path: str = ".", new_site: bool = False, force: bool = False, site_ready: bool = True
) -> None:
    """Prepare `frappe.local` for a site; nothing is opened yet."""
    if getattr(local, "initialised", False) and not force:
        return
    import frappe

    local.error_log = []
    local.message_log = []
    local.debug_log = []
    local.flags = _dict(
        currently_saving=[],
        redirect_location="",
        in_install_db=False,
        in_install_app=False,
        in_import=False,
        in_test=False,
        mute_messages=False,
        ignore_links=False,
        mute_emails=False,
        has_dataurl=False,
        new_site=new_site,
        read_only=False,
    )
    local.locked_documents = []
    local.test_objects = defaultdict(list)
    local.site = site
    local.sites_path = sites_path
    local.site_path = os.path.join(sites_path, site) if site else None
    local.all_apps = None
    local.request_ip = None
    local.response = _dict({"docs": []})
    local.task_id = None
    local.conf = get_site_config(sites_path, local.site_path)
    local.lang = local.conf.lang or "en"
    local.module_app = None
    local.app_modules = None
    local.user = None
    local.user_perms = None
    local.session = None
    local.role_permissions = {}
    local.valid_columns = {}
    local.new_doc_templates = {}
    local.request_cache = defaultdict(dict)
    local.jenv = None
    local.jloader = None
    local.cache = {}
    local.form_dict = _dict()
    local.preload_assets = {"style": [], "script": [], "icons": []}
    local.session = _dict(user="Guest", sid="Guest", data=_dict())
    local.dev_server = bool(os.environ.get("DEV_SERVER"))
    local.qb = frappe.query_builder.get_query_builder(local.conf.db_type or "sqlite")
    frappe.setup_module_map()
    local.initialised = True


def connect(site: str | None = None, db_name: str | None = None, set_admin_as_user: bool = True) -> None:
    """Open the site's database; scripts go on as Administrator."""
    from frappe.database import get_db

    if site:
        init(site)
    config = local.conf
    local.db = get_db(
        host=config.db_host,
        port=config.db_port,
        user=config.db_user or config.db_name or db_name,
        password=config.db_password,
        cur_db_name=config.db_name or db_name,
    )
    if set_admin_as_user:
        set_user("Administrator")


def destroy() -> None:
    """Close the database and forget everything about this request or job."""
    if opened := getattr(local, "db", None):
        opened.close()
    release_local(local)


def set_user(username: str) -> None:
    """Go on as another user: session and permission caches start afresh."""
    local.session.user = username
    local.session.sid = username
    local.cache = {}
    local.form_dict = _dict()
    local.jenv = None
    local.session.data = _dict()
    local.role_permissions = {}
    local.new_doc_templates = {}
    local.user_perms = None


def get_user() -> Any:
    """Roles and permissions of the session's user (frappe.utils.user.UserPermissions)."""
    from frappe.utils.user import UserPermissions

    if not local.user_perms:
        local.user_perms = UserPermissions(local.session.user)
    return local.user_perms
