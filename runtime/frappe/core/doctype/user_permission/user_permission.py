"""User Permissions: which documents of a DocType a user is limited to."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.document import Document
from frappe.types import _dict


class UserPermission(Document):
    def validate(self) -> None:
        if self.apply_to_all_doctypes:
            self.applicable_for = None
        elif not self.applicable_for:
            frappe.throw(frappe._("Applicable For is mandatory unless the rule applies to all DocTypes"))
        self.validate_user_permission()
        self.validate_default_permission()

    def validate_user_permission(self) -> None:
        same = {
            "allow": self.allow,
            "for_value": self.for_value,
            "user": self.user,
            "applicable_for": self.applicable_for or ("is", "not set"),
            "apply_to_all_doctypes": self.apply_to_all_doctypes,
            "name": ("!=", self.name or ""),
        }
        if frappe.db.exists("User Permission", same):
            frappe.throw(frappe._("User permission already exists"), frappe.DuplicateEntryError)

    def validate_default_permission(self) -> None:
        if not self.is_default:
            return
        others = {"allow": self.allow, "user": self.user, "is_default": 1, "name": ("!=", self.name or "")}
        if self.applicable_for:
            others["applicable_for"] = self.applicable_for
        if name := frappe.db.exists("User Permission", others):
            frappe.throw(frappe._("{0} has already assigned default value for {1}.").format(name, self.allow))

    def on_update(self) -> None:
        clear_user_permissions_cache(self.user)

    def on_trash(self) -> None:
        clear_user_permissions_cache(self.user)


def clear_user_permissions_cache(user: str | None = None) -> None:
    frappe.cache.front("user_permissions").clear()
    frappe.cache.invalidate_fronts()
    frappe.local.new_doc_templates = {}


@frappe.whitelist()
def get_user_permissions(user: str | None = None) -> dict[str, list[_dict]]:
    """DocType → rules (doc, applicable_for, is_default); none for Administrator."""
    user = user or frappe.session.user
    if not user or user in frappe.STANDARD_USERS:
        return {}
    front = frappe.cache.front("user_permissions")
    if user not in front:
        front[user] = _read(user)
    return front[user]


def _read(user: str) -> dict[str, list[_dict]]:
    rules: dict[str, list[_dict]] = {}
    rows = frappe.db.sql(
        "select allow, for_value, applicable_for, is_default from `tabUser Permission` where user = %s order by creation",
        (user,),
    )
    for allow, for_value, applicable_for, is_default in rows:
        rules.setdefault(allow, []).append(
            _dict(doc=for_value, applicable_for=applicable_for, is_default=is_default)
        )
    return rules


def user_permission_exists(user: str, allow: str, for_value: str, applicable_for: str | None = None) -> Any:
    """The rule that is there already, if any."""
    for rule in get_user_permissions(user).get(allow, []):
        if rule.doc == for_value and (rule.applicable_for or None) == (applicable_for or None):
            return rule
    return None
