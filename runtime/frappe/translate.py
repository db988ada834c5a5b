"""Translations: `translations/<language>.csv` of every app, overlaid by Translation documents of the site."""

from __future__ import annotations

import csv
import os
from typing import Any

import frappe

CSV_STRIP_WHITESPACE = "\n\r\t "


def get_all_translations(lang: str) -> dict[str, str]:
    """Source text (or `source:context`) → translation; kept per process."""
    if not lang:
        return {}
    if not getattr(frappe.local, "db", None):
        return {}
    front = frappe.cache.front("translations")
    if lang not in front:
        translations = get_translations_from_apps(lang)
        translations.update(get_user_translations(lang))
        front[lang] = translations
    return front[lang]


def get_translations_from_apps(lang: str, apps: list[str] | None = None) -> dict[str, str]:
    """Later apps win; `zh-TW` starts from `zh`."""
    translations: dict[str, str] = {}
    if lang == "en":
        return translations
    for app in apps or frappe.get_installed_apps():
        translations.update(get_translation_dict_from_file(_csv_path(app, lang), lang, app))
    if "-" in lang:
        translations = {**get_translations_from_apps(lang.split("-")[0], apps), **translations}
    return translations


def _csv_path(app: str, lang: str) -> str:
    return os.path.join(frappe.get_app_path(app), "translations", f"{lang}.csv")


def get_translation_dict_from_file(path: str, lang: str, app: str, throw: bool = False) -> dict[str, str]:
    """Rows are `source, translation` or `source, translation, context`."""
    translations: dict[str, str] = {}
    if not os.path.exists(path):
        return translations
    with open(path, encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if len(row) >= 3 and row[2]:
                translations[f"{row[0]}:{row[2]}"] = row[1].strip(CSV_STRIP_WHITESPACE)
            elif len(row) in (2, 3):
                translations[row[0]] = row[1].strip(CSV_STRIP_WHITESPACE)
            elif row and throw:
                raise ValueError(f"Bad translation in '{app}' for language '{lang}': line {number}")
    return translations


def get_user_translations(lang: str) -> dict[str, str]:
    if frappe.flags.in_install_db:
        return {}
    found = {}
    for source, translated, context in frappe.db.sql(
        "select source_text, translated_text, context from `tabTranslation` where language = %s", (lang,)
    ):
        found[f"{source}:{context}" if context else source] = translated
    return found


def clear_cache() -> None:
    frappe.cache.front("translations").clear()
    frappe.cache.invalidate_fronts()


# -- which language ----------------------------------------------------------------------------------------------


def get_user_lang(user: str | None = None) -> str:
    """The user's language, else the one of the site."""
    user = user or frappe.session.user
    language = frappe.get_cached_value("User", user, "language") if user else None
    return language or frappe.db.get_default("lang") or frappe.local.conf.lang or "en"


def set_default_language(lang: str) -> None:
    """Language of the site."""
    if frappe.db.get_default("lang") != lang:
        frappe.db.set_default("lang", lang)
    frappe.local.lang = lang


def get_all_languages(with_language_name: bool = False) -> list[Any]:
    """Codes of the enabled languages."""
    fields = ["name", "language_name"] if with_language_name else ["name"]
    rows = frappe.get_all("Language", filters={"enabled": 1}, fields=fields, order_by="name")
    return rows if with_language_name else [row.name for row in rows]
