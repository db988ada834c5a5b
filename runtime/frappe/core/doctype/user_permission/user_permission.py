"""User Permissions: which documents of a DocType a user is limited to."""

from __future__ import annotations

import frappe
from frappe.model.document import Document


class UserPermission(Document):
    def validate(self) -> None:
        if self.apply_to_all_doctypes:
            self.applicable_for = None
        elif not self.applicable_for:
            frappe.throw(frappe._("Applicable For is mandatory unless the rule applies to all DocTypes"))
        same = {"user": self.user, "allow": self.allow, "name": ("!=", self.name or "")}
        rule = {"for_value": self.for_value, "applicable_for": self.applicable_for or ("is", "not set")}
        if frappe.db.exists("User Permission", {**same, **rule}):
            frappe.throw(frappe._("User permission already exists"), frappe.DuplicateEntryError)
        if self.is_default and frappe.db.exists("User Permission", {**same, "is_default": 1}):
            message = frappe._("{0} has already assigned default value for {1}.")
            frappe.throw(message.format(self.user, self.allow))

    def on_update(self) -> None:
        clear_user_permissions_cache()

    def on_trash(self) -> None:
        clear_user_permissions_cache()


def clear_user_permissions_cache() -> None:
    frappe.cache.front("user_permissions").clear()
    frappe.cache.invalidate_fronts()
    frappe.local.new_doc_templates = {}
