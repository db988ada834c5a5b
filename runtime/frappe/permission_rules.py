"""Changing who may do what: User Permissions and the rules of roles. Apps import these from frappe.permissions."""

from __future__ import annotations

from typing import Any

import frappe

RIGHTS = (
    "select", "read", "write", "create", "delete", "submit", "cancel", "amend", "print", "email", "report", "import",
    "export", "share",
)  # fmt: skip


def add_user_permission(
    doctype: str,
    name: str,
    user: str,
    ignore_permissions: bool = False,
    applicable_for: str | None = None,
    is_default: int = 0,
    hide_descendants: int = 0,
) -> None:
    """Limit the user to the document; harmless when the rule exists."""
    from frappe.core.doctype.user_permission.user_permission import user_permission_exists

    if user_permission_exists(user, doctype, name, applicable_for):
        return
    frappe.get_doc(
        {
            "doctype": "User Permission",
            "user": user,
            "allow": doctype,
            "for_value": name,
            "is_default": is_default,
            "applicable_for": applicable_for,
            "apply_to_all_doctypes": 0 if applicable_for else 1,
            "hide_descendants": hide_descendants,
        }
    ).insert(ignore_permissions=ignore_permissions)


def remove_user_permission(doctype: str, name: str, user: str) -> None:
    rule = frappe.db.get_value("User Permission", {"user": user, "allow": doctype, "for_value": name})
    frappe.delete_doc("User Permission", rule)


def clear_user_permissions_for_doctype(doctype: str, user: str | None = None) -> None:
    filters = {"allow": doctype}
    if user:
        filters["user"] = user
    for name in frappe.get_all("User Permission", filters=filters, pluck="name"):
        frappe.delete_doc("User Permission", name, force=True)


def setup_custom_perms(parent: str) -> bool | None:
    """Copy the standard rules of a DocType to Custom DocPerm, unless it has custom ones."""
    if frappe.db.exists("Custom DocPerm", {"parent": parent}):
        return None
    copy_perms(parent)
    return True


def copy_perms(parent: str) -> None:
    for rule in frappe.get_all("DocPerm", fields=["*"], filters={"parent": parent}):
        values = {k: v for k, v in rule.items() if k in (*RIGHTS, "role", "permlevel", "if_owner", "parent")}
        frappe.get_doc({"doctype": "Custom DocPerm", **values}).insert(ignore_permissions=True)


def reset_perms(doctype: str) -> None:
    """Back to the standard rules."""
    frappe.db.delete("Custom DocPerm", {"parent": doctype})
    frappe.clear_cache(doctype=doctype)


def add_permission(doctype: str, role: str, permlevel: int = 0, ptype: str | None = None) -> str | None:
    """Give a role the right (read unless named) on a DocType; the name of the new rule."""
    setup_custom_perms(doctype)
    if frappe.db.get_value(
        "Custom DocPerm", {"parent": doctype, "role": role, "permlevel": permlevel, "if_owner": 0}
    ):
        return None
    rule = frappe.get_doc(
        {
            "doctype": "Custom DocPerm",
            "parent": doctype,
            "parenttype": "DocType",
            "parentfield": "permissions",
            "role": role,
            "permlevel": permlevel,
            **dict.fromkeys(RIGHTS, 0),
            ptype or "read": 1,
        }
    )
    rule.insert(ignore_permissions=True)
    frappe.clear_cache(doctype=doctype)
    return rule.name


def update_permission_property(
    doctype: str,
    role: str,
    permlevel: int,
    ptype: str,
    value: Any = None,
    validate: bool = True,
    if_owner: int = 0,
) -> bool | None:
    """Set one right of a role's rule."""
    copied = setup_custom_perms(doctype)
    name = frappe.db.get_value(
        "Custom DocPerm", {"parent": doctype, "role": role, "permlevel": permlevel, "if_owner": if_owner}
    )
    frappe.db.set_value("Custom DocPerm", name, ptype, value)
    frappe.clear_cache(doctype=doctype)
    return copied
