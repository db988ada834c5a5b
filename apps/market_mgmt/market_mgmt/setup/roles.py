"""The roles of a market office."""

import frappe

STAFF_ROLES = (
    "Market Cashier",
    "Market Area Manager",
    "Market Clerk",
    "Market Finance",
    "Market Supervisor",
    "Market Leader",
    "Market Administrator",
)
MERCHANT_ROLE = "Market Merchant"


def ensure_roles() -> None:
    """Creates the roles that are missing. A merchant is a website user: no desk."""
    for role in (*STAFF_ROLES, MERCHANT_ROLE):
        if not frappe.db.exists("Role", role):
            frappe.get_doc(
                {"doctype": "Role", "role_name": role, "desk_access": int(role != MERCHANT_ROLE)}
            ).insert(ignore_permissions=True)
