"""Roles."""

from __future__ import annotations

import frappe
from frappe.model.document import Document

STANDARD_ROLES = ("Administrator", "System Manager", "Guest", "All", "Desk User")


class Role(Document):
    def validate(self) -> None:
        if self.disabled and self.name in STANDARD_ROLES:
            frappe.throw(frappe._("Standard roles cannot be disabled"))

    def on_update(self) -> None:
        """Nobody keeps a disabled role; access to the Desk decides who is a System User."""
        if self.disabled:
            frappe.db.delete("Has Role", {"role": self.name})
        if self.get_doc_before_save() and self.has_value_changed("desk_access"):
            for name in frappe.get_all("Has Role", {"role": self.name, "parenttype": "User"}, pluck="parent"):
                frappe.get_doc("User", name).save(ignore_permissions=True)
        frappe.clear_cache(doctype="User")

    def on_trash(self) -> None:
        if self.name in STANDARD_ROLES:
            frappe.throw(frappe._("Standard roles cannot be deleted"))
