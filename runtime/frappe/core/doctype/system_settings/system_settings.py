"""System Settings: what holds for the whole site."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import cstr

AS_DEFAULTS = ("currency", "currency_precision", "number_format", "country", "date_format", "time_zone")


class SystemSettings(Document):
    language: str

    def on_update(self) -> None:
        """What apps ask `frappe.defaults` for is a default of the site, too."""
        for fieldname in AS_DEFAULTS:
            if frappe.db.get_default(fieldname) != cstr(self.get(fieldname)):
                frappe.db.set_default(fieldname, self.get(fieldname))
        if self.language and frappe.db.get_default("lang") != self.language:
            from frappe.translate import set_default_language

            set_default_language(self.language)
        frappe.local.request_cache.pop("system_settings", None)
        frappe.cache.front("translations").clear()
        frappe.local.new_doc_templates = {}
