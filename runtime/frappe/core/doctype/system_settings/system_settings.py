"""System Settings: what holds for the whole site."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import cint

AS_DEFAULTS = (
    "date_format",
    "time_format",
    "number_format",
    "float_precision",
    "currency_precision",
    "currency",
    "country",
    "time_zone",
    "rounding_method",
    "first_day_of_the_week",
    "session_expiry",
    "setup_complete",
    "enable_scheduler",
)


class SystemSettings(Document):
    language: str

    def validate(self) -> None:
        if self.session_expiry:
            parts = self.session_expiry.split(":")
            if len(parts) != 2 or not (cint(parts[0]) or cint(parts[1])):
                frappe.throw(frappe._("Session Expiry must be in format {0}").format("hh:mm"))
        if self.enable_password_policy and not cint(self.minimum_password_score):
            frappe.throw(frappe._("Please select Minimum Password Score"))
        if not self.has_value_changed("language") and not self.language:
            self.language = "en"

    def on_update(self) -> None:
        """Values that are read often are defaults of the site, too."""
        for fieldname in AS_DEFAULTS:
            if self.has_value_changed(fieldname) or self.get(fieldname) is not None:
                value = self.get(fieldname)
                if frappe.db.get_default(fieldname) != frappe.utils.cstr(value):
                    frappe.db.set_default(fieldname, value if value not in (None, "") else None)
        if self.language and frappe.db.get_default("lang") != self.language:
            from frappe.translate import set_default_language

            set_default_language(self.language)
        frappe.local.request_cache.pop("system_settings", None)
        frappe.cache.front("translations").clear()
        frappe.clear_document_cache("System Settings", "System Settings")
        frappe.local.new_doc_templates = {}
