"""Roles."""

from __future__ import annotations

import frappe
from frappe.model.document import Document

STANDARD_ROLES = ("Administrator", "System Manager", "Guest", "All", "Desk User")


class Role(Document):
    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        if old in STANDARD_ROLES:
            frappe.throw(frappe._("Standard roles cannot be renamed"))

    def validate(self) -> None:
        if self.disabled and self.name in STANDARD_ROLES:
            frappe.throw(frappe._("Standard roles cannot be disabled"))

    def on_update(self) -> None:
        """Access to the Desk decides who is a System User."""
        if self.disabled:
            frappe.db.delete("Has Role", {"role": self.name})
        before = self.get_doc_before_save()
        if before and before.desk_access != self.desk_access and not frappe.flags.in_install:
            for name in frappe.get_all("Has Role", {"role": self.name, "parenttype": "User"}, pluck="parent"):
                user = frappe.get_doc("User", name)
                user_type = user.user_type
                user.set_system_user()
                if user_type != user.user_type:
                    user.save(ignore_permissions=True)
        frappe.clear_cache(doctype="User")

    def on_trash(self) -> None:
        if self.name in STANDARD_ROLES:
            frappe.throw(frappe._("Standard roles cannot be deleted"))
