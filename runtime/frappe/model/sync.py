"""Standard documents of an app, in the order in which they depend on each other, then its fixtures."""

from __future__ import annotations

import json
from pathlib import Path

import frappe
from frappe.modules.import_file import import_document, import_file_by_path

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
        for module in frappe.local.app_modules[app]
        for path in sorted(Path(frappe.get_module_path(module), folder).glob("*/*.json"))
        if path.stem == path.parent.name
    ]
    for number, path in enumerate(files, 1):
        import_file_by_path(path)
        show_progress(f"Updating DocTypes for {app:<14}", number, len(files))
    frappe.db.commit()


def show_progress(text: str, number: int, total: int) -> None:
    """A bar as stock `bench` prints it."""
    bar = "=" * (number * _BAR // total)
    end = "\n" if number == total else ""
    print(f"\r{text}: [{bar:<{_BAR}}] {number * 100 // total}%", end=end, flush=True)


def sync_fixtures(app: str) -> None:
    """Import `fixtures/*.json` of an app, each with one document or a list of them; what is there is overwritten."""
    for path in sorted(Path(frappe.get_app_path(app, "fixtures")).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for values in content if isinstance(content, list) else [content]:
            import_document(values)
