"""Fixtures: documents that an app brings along as JSON, and its customizations of other DocTypes."""

from __future__ import annotations

import json
from pathlib import Path

import frappe
from frappe.modules.import_file import import_doc, import_document


def sync_fixtures(app: str) -> None:
    """Import `fixtures/*.json` of an app; what is there is overwritten."""
    import_doc(frappe.get_app_path(app, "fixtures"))


def sync_customizations(app: str) -> None:
    """`<module>/custom/*.json`: custom fields, property setters and permissions that an app gives to DocTypes."""
    for path in sorted(Path(frappe.get_app_path(app)).glob("*/custom/*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if not data.get("sync_on_migrate"):
            continue
        doctype = data["doctype"]
        for key, kind in (("custom_fields", "Custom Field"), ("property_setters", "Property Setter")):
            for values in data.get(key) or []:
                import_document({**values, "doctype": kind})
        if data.get("custom_perms"):
            frappe.db.delete("Custom DocPerm", {"parent": doctype})
            for values in data["custom_perms"]:
                import_document({**values, "doctype": "Custom DocPerm"})
        frappe.clear_cache(doctype=doctype)
        frappe.db.updatedb(doctype)
