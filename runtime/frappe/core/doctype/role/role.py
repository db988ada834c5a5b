"""Roles: whoever has one with access to the Desk is a System User."""

from __future__ import annotations

import frappe
from frappe.model.document import Document


class Role(Document):
    """Changing the access to the Desk changes the kind of the users who have the role."""

    def on_update(self) -> None:
        if not self.has_value_changed("desk_access") or self.is_new():
            return
        having = {"role": self.name, "parenttype": "User"}
        for user in frappe.get_all("Has Role", filters=having, pluck="parent", distinct=True):
            if user not in frappe.STANDARD_USERS:
                frappe.get_doc("User", user).save(ignore_permissions=True)
