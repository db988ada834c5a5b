"""Fixtures: documents that an app brings along as JSON, and its customizations of other DocTypes."""

from __future__ import annotations

import json
import os
from typing import Any

import frappe
from frappe.modules.import_file import import_doc


def sync_fixtures(app: str | None = None) -> None:
    """Import `fixtures/*.json` of one app or of all; what is there is overwritten."""
    for each in [app] if app else frappe.get_installed_apps():
        path = frappe.get_app_path(each, "fixtures")
        if not os.path.exists(path):
            continue
        frappe.flags.in_fixtures = True
        try:
            import_doc(path)
        finally:
            frappe.flags.in_fixtures = False
    frappe.db.commit()


def sync_customizations(app: str) -> None:
    """`<module>/custom/*.json`: custom fields, property setters and permissions that an app gives to DocTypes."""
    for module in frappe.local.app_modules.get(app) or []:
        folder = frappe.get_app_path(app, module, "custom")
        if not os.path.isdir(folder):
            continue
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    _apply(json.load(file))


def _apply(data: dict[str, Any]) -> None:
    if not data.get("sync_on_migrate"):
        return
    doctype = data["doctype"]
    for custom in data.get("custom_fields") or []:
        _replace("Custom Field", {"dt": doctype, "fieldname": custom["fieldname"]}, custom)
    for setter in data.get("property_setters") or []:
        keys = {"doc_type": doctype, "field_name": setter.get("field_name"), "property": setter["property"]}
        _replace("Property Setter", keys, setter)
    if data.get("custom_perms"):
        frappe.db.delete("Custom DocPerm", {"parent": doctype})
        for permission in data["custom_perms"]:
            _replace("Custom DocPerm", None, permission)
    frappe.clear_cache(doctype=doctype)
    frappe.db.updatedb(doctype)


def _replace(doctype: str, keys: dict[str, Any] | None, values: dict[str, Any]) -> None:
    if keys:
        frappe.db.delete(doctype, {key: value for key, value in keys.items() if value is not None})
    doc = frappe.get_doc({**values, "doctype": doctype})
    doc.flags.ignore_validate = doc.flags.ignore_permissions = doc.flags.ignore_links = True
    doc.insert()
