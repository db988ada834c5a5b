"""Users: their roles, kind, names and passwords."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import password_policy, validate_email_address
from frappe.utils.password import update_password


class User(Document):
    """Named by the e-mail address in lower case; System User is who has a role with access to the Desk."""

    email: str
    username: str | None
    new_password: str | None
    _given_password: str | None = None

    def autoname(self) -> None:
        if self.first_name in frappe.STANDARD_USERS and frappe.flags.in_install:
            self.name = self.first_name
        else:
            self.name = self.email = (self.email or "").strip().lower()

    def validate(self) -> None:
        if self.name in frappe.STANDARD_USERS:
            if not self.enabled:
                frappe.throw(frappe.messages.fill(frappe._("User {0} cannot be disabled"), self.name))
        else:
            validate_email_address(self.email, throw=True)
            roles = [row.role for row in self.roles]
            desk = roles and frappe.db.exists("Role", {"desk_access": 1, "name": ("in", roles)})
            self.user_type = "System User" if desk else "Website User"
        same = {"username": self.username, "name": ("!=", self.name)}
        if self.username and frappe.db.exists("User", same):
            message = frappe._("Username {0} already exists")
            frappe.msgprint(frappe.messages.fill(message, self.username))
            self.username = ""
        self.full_name = " ".join(filter(None, (self.first_name, self.middle_name, self.last_name)))
        self._given_password, self.new_password = self.new_password, None
        if self._given_password and not self.flags.ignore_password_policy:
            names = (self.email, self.full_name, self.first_name, self.last_name, self.username)
            password_policy.check(self._given_password, names)

    def on_update(self) -> None:
        if self._given_password:
            update_password(self.name, self._given_password, bool(self.logout_all_sessions))
        if not self.enabled:
            frappe.sessions.clear_sessions(user=self.name, force=True)

    def after_rename(self, old: str, new: str, merge: bool = False) -> None:
        self.db_set("email", new, update_modified=False)

    def on_trash(self) -> None:
        if self.name in frappe.STANDARD_USERS:
            frappe.throw(frappe.messages.fill(frappe._("User {0} cannot be deleted"), self.name))
        frappe.sessions.clear_sessions(user=self.name, force=True)
        frappe.db.delete("DefaultValue", {"parent": self.name})
        frappe.db.delete("User Permission", {"user": self.name})

    def add_roles(self, *roles: str) -> None:
        """Give the user these roles and save."""
        self.append_roles(*roles)
        self.save()

    def append_roles(self, *roles: str) -> None:
        """Give the user these roles, without saving."""
        present = {row.role for row in self.roles}
        self.extend("roles", [{"role": role} for role in dict.fromkeys(roles) if role not in present])

    def remove_roles(self, *roles: str) -> None:
        """Take these roles from the user and save."""
        self.set("roles", [row for row in self.roles if row.role not in roles])
        self.save()
