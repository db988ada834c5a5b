"""Standard documents of an app, in the order in which they depend on each other."""

from __future__ import annotations

import sys
from pathlib import Path

import frappe
from frappe.modules.import_file import import_file_by_path

# Folder names inside a module, in this order.
FOLDERS = (
    *("doctype", "report", "print_format", "notification"),
    *("custom_field", "property_setter", "workspace"),
)
_BAR = 40


def sync_for(app: str) -> None:
    """Import the new and changed files of an app."""
    files = [
        path
        for folder in FOLDERS
        for module in frappe.local.app_modules.get(app) or []
        for path in sorted(Path(frappe.get_module_path(module), folder).glob("*/*.json"))
        if path.stem == path.parent.name
    ]
    for number, path in enumerate(files, 1):
        import_file_by_path(str(path))
        show_progress(f"Updating DocTypes for {app:<14}", number, len(files))
    frappe.db.commit()


def show_progress(text: str, number: int, total: int) -> None:
    """A bar as stock `bench` prints it, drawn again where it moves."""
    filled = number * _BAR // total
    if number in (1, total) or filled != (number - 1) * _BAR // total:
        bar = "=" * filled + " " * (_BAR - filled)
        sys.stdout.write(f"\r{text}: [{bar}] {number * 100 // total}%" + "\n" * (number == total))
        sys.stdout.flush()


def remove_orphan_doctypes() -> None:
    """Forget standard DocTypes whose file is gone; their tables stay."""
    apps = set(frappe.get_installed_apps())
    for name, module in frappe.db.sql("select name, module from `tabDocType` where custom = 0"):
        if frappe.local.module_app.get(frappe.scrub(module)) not in apps:
            continue
        folder = frappe.scrub(name)
        if not Path(frappe.get_module_path(module), "doctype", folder, f"{folder}.json").exists():
            frappe.delete_doc("DocType", name, force=True, ignore_permissions=True, ignore_on_trash=True)
