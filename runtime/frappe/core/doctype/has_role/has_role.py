"""A role that a user, a report or a workspace has."""

from __future__ import annotations

import frappe
from frappe.model.document import Document


class HasRole(Document):
    def before_insert(self) -> None:
        if frappe.db.exists(
            "Has Role", {"parent": self.parent, "role": self.role, "parenttype": self.parenttype}
        ):
            frappe.throw(frappe._("User '{0}' already has the role '{1}'").format(self.parent, self.role))
