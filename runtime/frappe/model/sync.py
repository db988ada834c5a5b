"""Standard documents of an app, in the order in which they depend on each other."""

from __future__ import annotations

import os

import frappe
from frappe.modules.import_file import import_file_by_path
from frappe.modules.utils import get_module_path

# Folder names inside a module, in this order.
IMPORTABLE_DOCTYPES = [
    ("core", "doctype"),
    ("core", "page"),
    ("core", "report"),
    ("desk", "dashboard_chart"),
    ("desk", "number_card"),
    ("printing", "print_format"),
    ("email", "notification"),
    ("custom", "custom_field"),
    ("custom", "property_setter"),
    ("desk", "workspace"),
]


def sync_all(force: bool = False, reset_permissions: bool = False) -> None:
    """Bring the standard documents of all installed apps up to date."""
    for app in frappe.get_installed_apps():
        sync_for(app, force, reset_permissions=reset_permissions)
    frappe.clear_cache()


def sync_for(app_name: str, force: bool = False, reset_permissions: bool = False) -> int:
    """Import the changed files of an app; how many there were."""
    files: list[str] = []
    for module in frappe.local.app_modules.get(app_name) or []:
        get_doc_files(files, get_module_path(module))
    order = {folder: i for i, (_app, folder) in enumerate(IMPORTABLE_DOCTYPES)}
    files.sort(key=lambda path: order[path.split(os.sep)[-3]])
    changed = sum(
        import_file_by_path(path, force=force, reset_permissions=reset_permissions) for path in files
    )
    frappe.db.commit()
    return changed


def get_doc_files(files: list[str], start_path: str) -> list[str]:
    """Paths of the standard documents below a module's folder."""
    for _app, folder in IMPORTABLE_DOCTYPES:
        path = os.path.join(start_path, folder)
        if not os.path.isdir(path):
            continue
        for name in sorted(os.listdir(path)):
            file = os.path.join(path, name, f"{name}.json")
            if os.path.exists(file) and file not in files:
                files.append(file)
    return files


def remove_orphan_doctypes() -> None:
    """Forget standard DocTypes whose file is gone; their tables stay."""
    apps = set(frappe.get_installed_apps())
    for name, module in frappe.db.sql("select name, module from `tabDocType` where custom = 0"):
        app = frappe.local.module_app.get(frappe.scrub(module))
        if app not in apps:
            continue
        folder = frappe.scrub(name)
        if not os.path.exists(os.path.join(get_module_path(module), "doctype", folder, f"{folder}.json")):
            frappe.delete_doc("DocType", name, force=True, ignore_permissions=True, ignore_on_trash=True)
