"""Making a site, and installing apps on it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from typing import Any

import frappe
import frappe.sessions
from frappe.database import drop_database, setup_database
from frappe.defaults import set_default
from frappe.utils import cint

SITE_FOLDERS = ("db", "locks", "logs", "public/files", "private/files", "private/backups")


def new_site(
    site: str,
    *,
    sites_path: str = ".",
    admin_password: str = "admin",
    install_apps: list[str] | None = None,
    force: bool = False,
    site_config: dict[str, Any] | None = None,
    root_login: str | None = None,
    root_password: str | None = None,
) -> None:
    """Create a site with its database and install apps on it; afterwards it is initialised and connected.

    `site_config` may name the database (`db_type`, `db_host`, …); MariaDB needs a user who may create one (`root_…`).
    When something fails, nothing of the site stays.
    """
    from cryptography.fernet import Fernet

    path = os.path.join(sites_path, site)
    if os.path.exists(os.path.join(path, "site_config.json")):
        raise frappe.IncorrectSitePath(f"Site {site} already exists")
    frappe.init(site, sites_path=sites_path, new_site=True, force=True)
    config = {"encryption_key": Fernet.generate_key().decode(), **(site_config or {})}
    config.setdefault("db_type", frappe.conf.get("db_type") or "sqlite")
    if config["db_type"] == "mariadb":
        config.setdefault(
            "db_name", "_" + hashlib.sha1(site.encode(), usedforsecurity=False).hexdigest()[:16]
        )
        config.setdefault("db_password", secrets.token_urlsafe(12))
    else:
        config.setdefault("db_name", site)
    has_database = False
    try:
        for folder in SITE_FOLDERS:
            os.makedirs(os.path.join(path, folder), exist_ok=True)
        write_json(os.path.join(path, "site_config.json"), config)
        frappe.init(site, sites_path=sites_path, new_site=True, force=True)
        frappe.flags.root_login, frappe.flags.root_password = root_login, root_password
        setup_database(force)
        has_database = True
        frappe.connect()
        install_db(admin_password)
        for app in install_apps or []:
            install_app(app)
        frappe.db.commit()
    except BaseException:
        if getattr(frappe.local, "db", None):
            frappe.db.rollback()
        if has_database:
            drop_database()
        frappe.destroy()
        shutil.rmtree(path, ignore_errors=True)
        raise
    frappe.flags.new_site = False


def install_db(admin_password: str) -> None:
    """Tables and documents that every site starts with."""
    from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
    from frappe.database.schema import columns_of
    from frappe.model import META_DOCTYPES
    from frappe.model.sync import sync_for
    from frappe.utils.install import add_standard_documents

    print("\nInstalling frappe...", flush=True)
    frappe.flags.in_install_db = True
    frappe.flags.in_install = "frappe"
    frappe.db.create_system_tables()
    frappe.sessions.create_table()
    for doctype in META_DOCTYPES:
        frappe.db.apply_table(f"tab{doctype}", columns_of(frappe.get_meta(doctype)))
    sync_for("frappe")
    frappe.flags.in_install_db = False
    set_installed_apps(["frappe"])
    add_standard_documents(admin_password)
    sync_jobs()
    frappe.db.commit()
    frappe.flags.in_install = None
    frappe.clear_cache()


def set_installed_apps(apps: list[str]) -> None:
    from frappe.installed import forget_apps

    set_default("installed_apps", json.dumps(apps), "__global", "__global")
    forget_apps()


# -- apps --------------------------------------------------------------------------------------------------------


def install_app(name: str) -> None:
    """Install an app in Frappe's order; apps that it requires come first."""
    from frappe.model.sync import sync_for

    if name not in frappe.get_all_apps():
        raise ImportError(f"App {name} is not in apps.txt")
    app_hooks = frappe.get_hooks(app_name=name)
    for required in app_hooks.required_apps or []:
        required_name = required.split("@", 1)[0].rsplit("/", 1)[-1]  # `org/app@branch` or a plain name
        if required_name not in frappe.get_installed_apps():
            install_app(required_name)
    installed = frappe.get_installed_apps()
    if name in installed:
        print(f"App {name} already installed", flush=True)
        return
    frappe.flags.in_install = name
    try:
        print(f"\nInstalling {name}...", flush=True)
        frappe.clear_cache()
        _run_hooks(app_hooks.before_install)
        add_module_defs(name)
        sync_for(name)
        set_installed_apps([*installed, name])
        set_all_patches_as_completed(name)
        _run_hooks(app_hooks.after_install)
        sync_app_parts(name)
        frappe.db.commit()
        frappe.clear_cache()
    finally:
        frappe.flags.in_install = None


def _run_hooks(methods: list[str] | None) -> None:
    for method in methods or []:
        frappe.get_attr(method)()


def sync_app_parts(app: str) -> None:
    """Scheduled jobs, fixtures and customizations of an app, and the list of installed apps."""
    from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
    from frappe.utils.fixtures import sync_customizations, sync_fixtures

    sync_jobs()
    sync_fixtures(app)
    sync_customizations(app)
    doc = frappe.get_single("Installed Applications")
    rows = [
        {"app_name": each, "app_version": app_version(each), "git_branch": "UNVERSIONED"}
        for each in frappe.get_installed_apps()
    ]
    doc.set("installed_applications", rows)
    doc.save(ignore_permissions=True, ignore_version=True)


def app_version(app: str) -> str:
    return getattr(frappe.get_module(app), "__version__", "0.0.1")


def add_module_defs(app: str) -> None:
    for module in frappe.get_module_list(app):
        if not frappe.db.exists("Module Def", module):
            doc = frappe.get_doc({"doctype": "Module Def", "app_name": app, "module_name": module})
            doc.insert(ignore_permissions=True)


def set_all_patches_as_completed(app: str) -> None:
    """A fresh installation needs none of the patches."""
    from frappe.modules.patch_handler import get_patches_from_app

    for patch in get_patches_from_app(app):
        frappe.get_doc({"doctype": "Patch Log", "patch": patch}).insert(ignore_permissions=True)


# -- configuration -------------------------------------------------------------------------------------------------


def update_site_config(
    key: str, value: Any, validate: bool = True, site_config_path: str | None = None
) -> None:
    """Set one value; "None" removes it, text that is a number, a truth value or JSON is taken as such."""
    path = site_config_path or os.path.join(frappe.local.site_path, "site_config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    if validate and isinstance(value, str):
        value = _config_value(value)
    for values in (config, getattr(frappe.local, "conf", None) or {}):
        if value == "None":
            values.pop(key, None)
        else:
            values[key] = value
    write_json(path, config)


def _config_value(value: str) -> Any:
    if value in ("0", "1"):
        return cint(value)
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if value[:1] in "[{":
        return json.loads(value)
    return value


def write_json(path: str | os.PathLike, values: Any) -> None:
    """Written beside and moved, so that no reader sees half a file; only the owner may read it, it holds keys."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(values, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.replace(temporary, path)
