"""Making a site, installing apps on it and removing them."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import frappe
import frappe.sessions
from frappe.defaults import set_default
from frappe.utils import cint, now

SITE_FOLDERS = (
    "db",
    "locks",
    "logs",
    os.path.join("public", "files"),
    os.path.join("private", "files"),
    os.path.join("private", "backups"),
)


def new_site(
    site: str,
    *,
    sites_path: str = ".",
    admin_password: str = "admin",
    install_apps: list[str] | None = None,
    force: bool = False,
    site_config: dict[str, Any] | None = None,
) -> None:
    """Create a site with its database and install apps on it; afterwards it is initialised and connected."""
    from cryptography.fernet import Fernet

    path = os.path.join(sites_path, site)
    if os.path.exists(os.path.join(path, "site_config.json")):
        if not force:
            raise frappe.IncorrectSitePath(f"Site {site} already exists")
        drop_site_files(site, sites_path)
    for folder in SITE_FOLDERS:
        os.makedirs(os.path.join(path, folder), exist_ok=True)
    config = {"db_name": site, "db_type": "sqlite", "encryption_key": Fernet.generate_key().decode()}
    config.update(site_config or {})
    _write_json(os.path.join(path, "site_config.json"), config)
    try:
        frappe.init(site, sites_path=sites_path, new_site=True, force=True)
        frappe.connect()
        install_db(admin_password=admin_password)
        for app in install_apps or []:
            install_app(app)
        frappe.db.commit()
    except BaseException:
        # What was made of the database is of no use; the caller can try again with the same name.
        if getattr(frappe.local, "db", None):
            frappe.db.rollback()
        frappe.destroy()
        shutil.rmtree(path, ignore_errors=True)
        raise
    frappe.flags.new_site = False


def drop_site_files(site: str, sites_path: str = ".") -> None:
    shutil.rmtree(os.path.join(sites_path, site))


def install_db(admin_password: str = "admin", **_more: Any) -> None:
    """Tables and documents that every site starts with."""
    frappe.flags.in_install_db = True
    frappe.flags.in_install = "frappe"
    frappe.db.create_system_tables()
    frappe.sessions.create_table()
    _create_core_tables()
    _sync_core()
    frappe.flags.in_install_db = False
    from frappe.utils.install import add_standard_documents

    set_installed_apps(["frappe"])
    add_standard_documents(admin_password)
    set_all_patches_as_completed("frappe")
    from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs

    sync_jobs()
    frappe.db.commit()
    frappe.flags.in_install = None
    frappe.clear_cache()


def _create_core_tables() -> None:
    from frappe.database.schema import columns_of
    from frappe.model import META_DOCTYPES

    for doctype in META_DOCTYPES:
        frappe.db.apply_table(f"tab{doctype}", columns_of(frappe.get_meta(doctype)))


def _sync_core() -> None:
    """All files of this runtime at once; DocTypes first, in no special order as nothing is checked."""
    from frappe.model.sync import get_doc_files
    from frappe.modules.import_file import import_file_by_path

    base = os.path.dirname(frappe.__file__)
    files: list[str] = []
    for module in frappe.local.app_modules["frappe"]:
        get_doc_files(files, os.path.join(base, module))
    for path in files:
        import_file_by_path(path)


def set_installed_apps(apps: list[str]) -> None:
    set_default("installed_apps", json.dumps(apps), "__global", "__global")
    from frappe.installed import forget_apps

    forget_apps()


# -- apps --------------------------------------------------------------------------------------------------------


def parse_app_name(name: str) -> str:
    """`org/app@branch` or a plain name."""
    return name.split("@", 1)[0].rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


def install_app(
    name: str, verbose: bool = False, set_as_patched: bool = True, force: bool = False
) -> bool | None:
    """Install an app in Frappe's order; apps that it requires come first. False when a before_install says no."""
    if name not in frappe.get_all_apps():
        raise ImportError(f"App {name} is not in apps.txt")
    for required in frappe.get_hooks("required_apps", app_name=name):
        required_name = parse_app_name(required)
        if required_name not in frappe.get_installed_apps():
            install_app(required_name, verbose=verbose)
    installed = frappe.get_installed_apps()
    if name in installed and not force:
        print(f"App {name} already installed")
        return None
    frappe.flags.in_install = name
    try:
        app_hooks = frappe.get_hooks(app_name=name)
        print(f"  安装应用 {name}", flush=True)
        frappe.clear_cache()
        if name != "frappe":
            frappe.only_for("System Manager")
        for hook in app_hooks.before_install or []:
            if frappe.get_attr(hook)() is False:
                return False
        for hook in frappe.get_hooks("before_app_install"):
            frappe.get_attr(hook)(name)
        add_module_defs(name)
        from frappe.model.sync import sync_for

        sync_for(name, force=force, reset_permissions=True)
        set_installed_apps([*(app for app in frappe.get_installed_apps() if app != name), name])
        if set_as_patched:
            set_all_patches_as_completed(name)
        for hook in app_hooks.after_install or []:
            frappe.get_attr(hook)()
        for hook in frappe.get_hooks("after_app_install"):
            frappe.get_attr(hook)(name)
        sync_app_parts(name)
        for hook in app_hooks.after_sync or []:
            frappe.get_attr(hook)()
        frappe.db.commit()
        frappe.clear_cache()
    finally:
        frappe.flags.in_install = None
    return True


def sync_app_parts(app: str) -> None:
    """Scheduled jobs, fixtures and customizations of an app, and the list of installed apps."""
    from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
    from frappe.utils.fixtures import sync_customizations, sync_fixtures

    sync_jobs()
    sync_fixtures(app)
    sync_customizations(app)
    record_installed_applications()


def record_installed_applications() -> None:
    doc = frappe.get_single("Installed Applications")
    rows = []
    for app in frappe.get_installed_apps():
        version = getattr(frappe.get_module(app), "__version__", "0.0.1")
        rows.append({"app_name": app, "app_version": version, "git_branch": "UNVERSIONED"})
    doc.set("installed_applications", rows)
    doc.flags.ignore_version = True
    doc.save(ignore_permissions=True, ignore_version=True)


def remove_app(
    app_name: str, dry_run: bool = False, yes: bool = False, no_backup: bool = False, force: bool = False
) -> None:
    """Uninstall: the app's DocTypes, their documents and tables, and its modules go."""
    if app_name not in frappe.get_installed_apps():
        raise frappe.AppNotInstalledError(f"App {app_name} not installed on this site")
    frappe.flags.in_uninstall = True
    try:
        app_hooks = frappe.get_hooks(app_name=app_name)
        for hook in app_hooks.before_uninstall or []:
            frappe.get_attr(hook)()
        modules = frappe.get_all("Module Def", {"app_name": app_name}, pluck="name")
        doctypes = (
            frappe.get_all("DocType", {"module": ("in", modules)}, ["name", "issingle"]) if modules else []
        )
        for module in modules:
            for doctype in (
                "Report",
                "Print Format",
                "Notification",
                "Workspace",
                "Dashboard Chart",
                "Number Card",
            ):
                for name in frappe.get_all(doctype, {"module": module}, pluck="name"):
                    frappe.delete_doc(doctype, name, ignore_on_trash=True, force=True)
        for doctype in doctypes:
            frappe.delete_doc("DocType", doctype.name, ignore_on_trash=True, force=True)
            for table, column in (
                ("Custom Field", "dt"),
                ("Property Setter", "doc_type"),
                ("Custom DocPerm", "parent"),
            ):
                frappe.db.delete(table, {column: doctype.name})
        for module in modules:
            frappe.delete_doc("Module Def", module, ignore_on_trash=True, force=True)
        set_installed_apps([app for app in frappe.get_installed_apps() if app != app_name])
        frappe.db.commit()
        for doctype in doctypes:
            if not doctype.issingle:
                frappe.db.sql_ddl(f"drop table if exists `tab{doctype.name}`")
        for hook in app_hooks.after_uninstall or []:
            frappe.get_attr(hook)()
        frappe.clear_cache()
        frappe.db.commit()
    finally:
        frappe.flags.in_uninstall = False


def add_module_defs(app: str, ignore_if_duplicate: bool = False) -> None:
    for module in frappe.get_module_list(app):
        if frappe.db.exists("Module Def", module):
            continue
        doc = frappe.new_doc("Module Def")
        doc.app_name, doc.module_name = app, module
        doc.insert(ignore_permissions=True, ignore_if_duplicate=ignore_if_duplicate)


def set_all_patches_as_completed(app: str) -> None:
    """A fresh installation needs none of the patches."""
    from frappe.modules.patch_handler import get_patches_from_app

    stamp = now()
    rows = [
        (frappe.generate_hash(length=10), stamp, stamp, "Administrator", "Administrator", patch)
        for patch in get_patches_from_app(app)
    ]
    if rows:
        frappe.db.bulk_insert(
            "Patch Log", ["name", "creation", "modified", "owner", "modified_by", "patch"], rows
        )


# -- configuration -------------------------------------------------------------------------------------------------


def get_site_config_path() -> str:
    return os.path.join(frappe.local.site_path, "site_config.json")


def update_site_config(
    key: str, value: Any, validate: bool = True, site_config_path: str | None = None
) -> None:
    """Set one value; "None" removes it, text that is a number, a truth value or JSON is taken as such."""
    path = site_config_path or get_site_config_path()
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    if validate and isinstance(value, str):
        value = _config_value(value)
    if value == "None":
        config.pop(key, None)
    else:
        config[key] = value
    _write_json(path, config)
    if getattr(frappe.local, "conf", None) is not None:
        if value == "None":
            frappe.local.conf.pop(key, None)
        else:
            frappe.local.conf[key] = value


def _config_value(value: str) -> Any:
    if value in ("0", "1"):
        return cint(value)
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if value[:1] in "[{":
        return json.loads(value)
    return value


def _write_json(path: str, values: dict[str, Any]) -> None:
    """Written beside and moved, so that no reader sees half a file."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1, sort_keys=True)
        file.write("\n")
    os.replace(temporary, path)
