"""Making a site, and installing apps on it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import frappe
from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
from frappe.database import drop_database, setup_database
from frappe.database.schema import columns_of
from frappe.defaults import set_default
from frappe.installed import forget_apps
from frappe.model import META_DOCTYPES
from frappe.model.sync import sync_fixtures, sync_for
from frappe.modules.patch_handler import POST_MODEL_SYNC, PRE_MODEL_SYNC, add_to_log, get_patches_from_app
from frappe.utils.install import add_standard_documents


def new_site(
    site: str,
    *,
    sites_path: str = ".",
    admin_password: str = "admin",
    install_apps: Sequence[str] = (),
    site_config: dict[str, Any] | None = None,
    root_login: str | None = None,
    root_password: str | None = None,
) -> None:
    """Create a site with its database and install apps on it; afterwards it is initialised and connected.

    `site_config` may name the database (`db_type`, `db_host`, …); MariaDB needs a user who may create one (`root_…`).
    When something fails, nothing of the site stays.
    """
    from cryptography.fernet import Fernet

    path, given = os.path.join(sites_path, site), site_config or {}
    if os.path.exists(f"{path}/site_config.json"):
        raise frappe.IncorrectSitePath(f"Site {site} already exists")
    common = read_json(f"{sites_path}/common_site_config.json")
    key, db_type = Fernet.generate_key().decode(), common.get("db_type", "sqlite")
    config = {"encryption_key": key, "db_type": db_type, "db_name": site, **given}
    if config["db_type"] == "mariadb":
        # Not made of the site's name: on one server, benches with sites of one name must not share a database.
        own = {"db_name": f"_{secrets.token_hex(8)}", "db_password": secrets.token_urlsafe(12)}
        config = {**config, **own, **given}
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, path)
        make_site_folders(path)
        write_json(f"{path}/site_config.json", config)
        undo.callback(frappe.destroy)
        frappe.init(site, sites_path=sites_path, new_site=True, force=True)
        frappe.flags.update(root_login=root_login, root_password=root_password)
        setup_database()
        undo.callback(drop_database)
        frappe.connect()
        install_db(admin_password)
        for app in install_apps:
            install_app(app)
        frappe.db.commit()
        undo.pop_all()


def make_site_folders(path: str | os.PathLike) -> None:
    """Readable by nobody else, whatever the umask: sessions and personal data will lie there."""
    for folder in ("", "db", "locks", "logs", "public/files", "private/files", "private/backups"):
        os.makedirs(os.path.join(path, folder), exist_ok=True)
        os.chmod(os.path.join(path, folder), 0o700)


def install_db(admin_password: str) -> None:
    """Tables and documents that every site starts with."""
    print("\nInstalling frappe...", flush=True)
    frappe.flags.update(in_install_db=True, in_install="frappe")
    frappe.db.create_system_tables()
    for doctype in META_DOCTYPES:
        frappe.db.apply_table(f"tab{doctype}", columns_of(frappe.get_meta(doctype)))
    sync_for("frappe")
    frappe.flags.in_install_db = False
    set_installed_apps(["frappe"])
    add_module_defs("frappe")
    add_standard_documents(admin_password)
    sync_jobs()
    frappe.db.commit()
    frappe.flags.in_install = None
    frappe.clear_cache()


def set_installed_apps(apps: list[str]) -> None:
    set_default("installed_apps", json.dumps(apps), "__global", "__global")
    forget_apps()


# -- apps --------------------------------------------------------------------------------------------------------


def install_app(name: str) -> None:
    """Install an app in Frappe's order; apps that it requires come first."""
    if name not in frappe.get_all_apps():
        raise ImportError(f"App {name} is not in apps.txt")
    for required in frappe.get_hooks("required_apps", app_name=name):
        required_name = required.split("@", 1)[0].rsplit("/", 1)[-1]  # `org/app@branch` or a plain name
        if required_name not in frappe.get_installed_apps():
            install_app(required_name)
    installed = frappe.get_installed_apps()
    if name in installed:
        print(f"App {name} already installed", flush=True)
        return
    print(f"\nInstalling {name}...", flush=True)
    frappe.flags.in_install = name
    frappe.clear_cache()
    run_hooks("before_install", name)
    add_module_defs(name)
    sync_for(name)
    set_installed_apps([*installed, name])
    for patch in get_patches_from_app(name, PRE_MODEL_SYNC, POST_MODEL_SYNC):
        add_to_log(patch)  # a fresh installation needs none of them
    run_hooks("after_install", name)
    sync_app_parts(name)
    frappe.db.commit()
    frappe.clear_cache()
    frappe.flags.in_install = None


def run_hooks(hook: str, app: str) -> None:
    for method in frappe.get_hooks(hook, app_name=app):
        frappe.get_attr(method)()


def sync_app_parts(app: str) -> None:
    """Scheduled jobs and fixtures of an app."""
    sync_jobs()
    sync_fixtures(app)


def app_version(app: str) -> str:
    return getattr(frappe.get_module(app), "__version__", "0.0.1")


def add_module_defs(app: str) -> None:
    for module in frappe.get_module_list(app):
        if not frappe.db.exists("Module Def", module):
            doc = frappe.get_doc({"doctype": "Module Def", "app_name": app, "module_name": module})
            doc.insert(ignore_permissions=True)


# -- configuration -------------------------------------------------------------------------------------------------


def update_site_config(key: str, value: Any, validate: bool = True) -> None:
    """Set one value of the site's configuration, as it is; None removes it."""
    update_json(os.path.join(frappe.local.site_path, "site_config.json"), **{key: value})
    frappe.local.conf[key] = value


def read_json(path: str | os.PathLike) -> dict[str, Any]:
    """What a configuration file says; nothing when there is none."""
    file = Path(path)
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def update_json(path: str | os.PathLike, **values: Any) -> None:
    """Set (or with None remove) entries of a configuration file."""
    config = read_json(path)
    changed = {key: value for key, value in {**config, **values}.items() if value is not None}
    if changed != config:
        write_json(path, changed)


def write_json(path: str | os.PathLike, values: Any) -> None:
    """Written beside and moved, so that no reader sees half a file; only the owner may read it, it holds keys."""
    partial = f"{path}.{os.getpid()}.tmp"
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.replace(partial, path)
