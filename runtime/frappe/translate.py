"""Translations: `translations/<language>.csv` of every app."""

from __future__ import annotations

import csv
import io

import frappe
from frappe.context import read_when_changed


def get_all_translations(lang: str) -> dict[str, str]:
    """Source text (or `source:context`) → translation; later apps win. Kept per process."""
    known = frappe.cache.front("translations")
    if lang not in known:
        known[lang] = {}
        for app in frappe.get_installed_apps():
            path = frappe.get_app_path(app, "translations", f"{lang}.csv")
            known[lang].update(read_when_changed(path, _parse) or {})
    return known[lang]


def _parse(text: str) -> dict[str, str]:
    """Rows are `source, translation` or `source, translation, context`."""
    rows = [[*row, ""] for row in csv.reader(io.StringIO(text)) if len(row) > 1]
    return {f"{row[0]}:{row[2]}" if row[2] else row[0]: row[1].strip() for row in rows}


def get_all_languages() -> list[str]:
    """Codes of the enabled languages."""
    return frappe.get_all("Language", filters={"enabled": 1}, pluck="name", order_by="name")
