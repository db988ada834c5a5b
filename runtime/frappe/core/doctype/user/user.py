"""Users: their roles, kind, names and passwords."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import escape_html, sanitize_html, today, validate_email_address
from frappe.utils.password import update_password

AUTOMATIC_ROLES = ("Guest", "All", "Desk User")


class User(Document):
    """Named by the e-mail address in lower case; System User is who has a role with access to the Desk."""

    email: str
    new_password: str | None
    _given_password: str | None = None

    def autoname(self) -> None:
        if self.first_name in frappe.STANDARD_USERS and frappe.flags.in_install:
            self.name = self.first_name
        else:
            self.name = self.email = (self.email or "").strip().lower()

    def validate(self) -> None:
        standard = self.name in frappe.STANDARD_USERS
        if standard and not self.enabled:
            frappe.throw(frappe._("User {0} cannot be disabled").format(self.name))
        if not standard:
            validate_email_address(self.email, throw=True)
        for fieldname in ("first_name", "middle_name", "last_name"):
            if "<" in (self.get(fieldname) or ""):
                self.set(fieldname, escape_html(sanitize_html(self.get(fieldname))))
        self.full_name = " ".join(filter(None, (self.first_name, self.middle_name, self.last_name)))
        # Every role once; those that everybody has are not written down.
        roles = {row.role: row for row in self.roles if standard or row.role not in AUTOMATIC_ROLES}
        for row in [row for row in self.roles if roles.get(row.role) is not row]:
            self.remove(row)
        if not standard:
            self.set_user_type()
        self._given_password, self.new_password = self.new_password, None

    def set_user_type(self) -> None:
        roles = [row.role for row in self.roles]
        desk = roles and frappe.db.exists("Role", {"desk_access": 1, "name": ("in", roles)})
        self.user_type = "System User" if desk else "Website User"

    def on_update(self) -> None:
        if self._given_password:
            logout = bool(self.logout_all_sessions) and self.get_doc_before_save() is not None
            update_password(self.name, self._given_password, logout_all_sessions=logout)
            self.db_set("last_password_reset_date", today(), update_modified=False)
        if not self.enabled:
            frappe.sessions.clear_sessions(user=self.name, force=True)
        frappe.clear_cache(user=self.name)

    def after_rename(self, old: str, new: str, merge: bool = False) -> None:
        self.db_set("email", new, update_modified=False)

    def on_trash(self) -> None:
        if self.name in frappe.STANDARD_USERS:
            frappe.throw(frappe._("User {0} cannot be deleted").format(self.name))
        frappe.sessions.clear_sessions(user=self.name, force=True)
        frappe.db.delete("DefaultValue", {"parent": self.name})
        frappe.db.delete("User Permission", {"user": self.name})
        frappe.clear_cache(user=self.name)

    def add_roles(self, *roles: str) -> None:
        """Give the user these roles and save."""
        present = {row.role for row in self.roles}
        self.extend("roles", [{"role": role} for role in roles if role not in present])
        self.save()

    def remove_roles(self, *roles: str) -> None:
        for row in [row for row in self.roles if row.role in roles]:
            self.remove(row)
        self.save()


@frappe.whitelist(methods=["POST"])
def generate_keys(user: str) -> dict[str, str]:
    """A new API secret (and a key, if the user has none); shown once."""
    frappe.only_for("System Manager")
    doc = frappe.get_doc("User", user)
    secret = frappe.generate_hash(length=15)
    doc.api_key = doc.api_key or frappe.generate_hash(length=15)
    doc.api_secret = secret
    doc.save()
    return {"api_secret": secret}
