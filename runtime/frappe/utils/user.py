"""The session's user: roles and what they allow (`frappe.get_user()`), and look-ups of users."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import frappe
from frappe.permissions import get_valid_perms


class UserPermissions:
    """Roles of a user and the DocTypes each right holds for."""

    def __init__(self, name: str = "") -> None:
        self.name = name or frappe.session.user

    @cached_property
    def roles(self) -> list[str]:
        return frappe.get_roles(self.name)

    def get_roles(self) -> list[str]:
        return self.roles

    @cached_property
    def doc(self) -> dict[str, Any]:
        return frappe.get_cached_doc("User", self.name).as_dict()

    @cached_property
    def _rules(self) -> list:
        return [p for p in get_valid_perms(user=self.name) if not p.permlevel]

    def _doctypes(self, right: str) -> list[str]:
        return sorted({p.parent for p in self._rules if p.get(right)})

    def __getattr__(self, name: str) -> list[str]:
        if name.startswith("can_"):
            return self._doctypes(name[4:])
        raise AttributeError(name)

    def get_can_read(self) -> list[str]:
        return self._doctypes("read")


def get_user_fullname(user: str) -> str:
    return frappe.db.get_value("User", user, "full_name") or user


def get_users_with_role(role: str) -> list[str]:
    """Enabled users that have the role."""
    holders = frappe.get_all("Has Role", {"role": role, "parenttype": "User"}, pluck="parent", distinct=True)
    return frappe.get_all(
        "User", {"name": ["in", holders], "enabled": 1}, pluck="name", order_by="name"
    ) if holders else []  # fmt: skip


def get_enabled_system_users() -> list[dict]:
    return frappe.get_all(
        "User",
        fields=["email", "language", "name"],
        filters={"user_type": "System User", "enabled": 1, "name": ["not in", ("Administrator", "Guest")]},
    )


def is_website_user(username: str | None = None) -> bool:
    return frappe.get_cached_value("User", username or frappe.session.user, "user_type") == "Website User"


def is_system_user(username: str | None = None) -> bool:
    return frappe.get_cached_value("User", username or frappe.session.user, "user_type") == "System User"


def add_role(user: str, role: str) -> None:
    frappe.get_doc("User", user).add_roles(role)
