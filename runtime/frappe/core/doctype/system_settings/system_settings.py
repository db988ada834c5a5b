"""System Settings: what holds for the whole site."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import cstr

SAME_NAME = ("currency", "currency_precision", "number_format", "country", "date_format", "time_zone")
AS_DEFAULTS = {"lang": "language", **{fieldname: fieldname for fieldname in SAME_NAME}}


class SystemSettings(Document):
    def on_update(self) -> None:
        """What apps ask `frappe.defaults` for is a default of the site, too."""
        for key, fieldname in AS_DEFAULTS.items():
            if frappe.db.get_default(key) != cstr(self.get(fieldname)):
                frappe.db.set_default(key, self.get(fieldname))
        frappe.local.new_doc_templates = {}
