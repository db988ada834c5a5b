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


def get_user_permissions(user: str | None = None) -> dict[str, list[_dict]]:
    """DocType → rules (doc, applicable_for, is_default); none for Administrator and guests."""
    user = user or frappe.session.user
    if not user or user in frappe.STANDARD_USERS:
        return {}
    front = frappe.cache.front("user_permissions")
    if user not in front:
        rules: dict[str, list[_dict]] = {}
        query = (
            "select allow, for_value as doc, applicable_for, is_default"
            " from `tabUser Permission` where user = %s order by creation"
        )
        for rule in frappe.db.sql(query, (user,), as_dict=True):
            rules.setdefault(rule.pop("allow"), []).append(rule)
        front[user] = rules
    return front[user]


def user_permission_exists(user: str, allow: str, for_value: str, applicable_for: str | None = None) -> Any:
    """The rule that is there already, if any."""
    for rule in get_user_permissions(user).get(allow, ()):
        if rule.doc == for_value and (rule.applicable_for or None) == (applicable_for or None):
            return rule
    return None
