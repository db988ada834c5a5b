"""Users: their roles, kind, names and passwords."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import escape_html, sanitize_html, today, validate_email_address
from frappe.utils.password import update_password

AUTOMATIC_ROLES = ("Guest", "All", "Desk User")


class User(Document):
    """Named by the e-mail address in lower case; System User is who has a role with access to the Desk."""

    email: str
    language: str | None
    new_password: str | None
    username: str | None

    def autoname(self) -> None:
        if self.get("is_admin") or self.get("is_guest"):
            self.name = self.first_name
        else:
            self.email = (self.email or "").strip().lower()
            self.name = self.email

    def before_naming(self) -> None:
        if self.first_name in frappe.STANDARD_USERS and frappe.flags.in_install:
            self.set("is_admin", 1)

    def validate(self) -> None:
        self.__new_password = self.new_password
        self.new_password = ""
        if self.name not in frappe.STANDARD_USERS:
            self.email = (self.email or "").strip()
            validate_email_address(self.email, throw=True)
        self.full_name = " ".join(
            part for part in (self.first_name, self.middle_name, self.last_name) if part
        )
        self.validate_roles()
        self.set_system_user()
        self.validate_username()
        self.validate_enabled()
        self.check_html()
        if self.language == "Loading...":
            self.language = None

    def validate_roles(self) -> None:
        """Every role once; those that everybody has are not written down."""
        kept: list[Any] = []
        for row in self.get("roles"):
            if row.role and row.role not in [other.role for other in kept]:
                kept.append(row)
        if self.name not in frappe.STANDARD_USERS:
            kept = [row for row in kept if row.role not in AUTOMATIC_ROLES]
        for idx, row in enumerate(kept, 1):
            row.idx = idx
        self.__dict__["roles"] = kept

    def set_system_user(self) -> None:
        if self.name in frappe.STANDARD_USERS:
            return
        self.user_type = "System User" if self.has_desk_access() else "Website User"

    def has_desk_access(self) -> bool:
        roles = [row.role for row in self.roles]
        return bool(roles) and bool(frappe.db.count("Role", {"desk_access": 1, "name": ("in", roles)}))

    def validate_username(self) -> None:
        if not self.username and self.is_new() and self.first_name:
            self.username = frappe.scrub(self.first_name)
        if not self.username:
            return
        self.username = self.username.strip(" @")
        if self.is_username_taken(self.username):
            self.username = None if self.is_new() else self.username
            if not self.is_new():
                frappe.msgprint(frappe._("Username {0} already exists").format(self.username))
                self.username = self.get_value_before_save("username")

    def is_username_taken(self, username: str) -> bool:
        return bool(frappe.db.exists("User", {"username": username, "name": ("!=", self.name)}))

    def validate_enabled(self) -> None:
        if not self.enabled and self.name in frappe.STANDARD_USERS:
            frappe.throw(frappe._("User {0} cannot be disabled").format(self.name))

    def check_html(self) -> None:
        for fieldname in ("first_name", "middle_name", "last_name", "full_name"):
            value = self.get(fieldname)
            if value and ("<" in value or ">" in value):
                self.set(fieldname, escape_html(sanitize_html(value)))

    def on_update(self) -> None:
        new_password = getattr(self, "_User__new_password", None)
        if new_password:
            self.set_password(new_password)
        if not self.enabled:
            from frappe.sessions import clear_sessions

            clear_sessions(user=self.name, force=True)
        frappe.clear_cache(user=self.name)
        if self.has_value_changed("language") or self.has_value_changed("time_zone"):
            frappe.clear_document_cache("User", self.name)

    def set_password(self, password: str) -> None:
        update_password(
            self.name, password, logout_all_sessions=bool(self.logout_all_sessions) and not self.is_new()
        )
        self.db_set("last_password_reset_date", today(), update_modified=False)

    def after_rename(self, old_name: str, new_name: str, merge: bool = False) -> None:
        for table in ("Version", "Comment"):
            frappe.db.sql(f"update `tab{table}` set owner = %s where owner = %s", (new_name, old_name))
        self.db_set("email", new_name, update_modified=False)

    def on_trash(self) -> None:
        if self.name in frappe.STANDARD_USERS:
            frappe.throw(frappe._("User {0} cannot be deleted").format(self.name))
        from frappe.sessions import clear_sessions

        clear_sessions(user=self.name, force=True)
        frappe.db.delete("DefaultValue", {"parent": self.name})
        frappe.db.delete("User Permission", {"user": self.name})
        frappe.clear_cache(user=self.name)

    def add_roles(self, *roles: str) -> None:
        """Give the user these roles and save."""
        self.append_roles(*roles)
        self.save()

    def append_roles(self, *roles: str) -> None:
        present = {row.role for row in self.get("roles")}
        for role in roles:
            if role not in present:
                self.append("roles", {"role": role})

    def remove_roles(self, *roles: str) -> None:
        for row in [row for row in self.get("roles") if row.role in roles]:
            self.remove(row)
        self.save()

    def get_roles(self) -> list[str]:
        return frappe.get_roles(self.name)

    def get_fullname(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@frappe.whitelist(methods=["POST"])
def generate_keys(user: str) -> dict[str, str]:
    """A new API secret (and a key, if the user has none); shown once."""
    frappe.only_for("System Manager")
    doc = frappe.get_doc("User", user)
    secret = frappe.generate_hash(length=15)
    if not doc.api_key:
        doc.api_key = frappe.generate_hash(length=15)
    doc.api_secret = secret
    doc.save()
    return {"api_secret": secret}


@frappe.whitelist()
def get_roles(arg: str | None = None) -> list[str]:
    """Roles of the session's user, of another user for who may see users."""
    user = arg or frappe.session.user
    if user != frappe.session.user:
        frappe.has_permission("User", "read", throw=True)
    return frappe.get_roles(user)
