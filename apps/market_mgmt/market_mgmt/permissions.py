"""Who sees what: staff only their markets, merchants no document at all (their API reads through services).

One rule serves lists and single documents: the markets that a user's User Permissions name.
"""

import frappe
from frappe.model.document import Document

UNLIMITED_ROLES = frozenset({"Market Administrator", "System Manager"})
STAFF_ROLES = frozenset(
    {
        "Market Cashier",
        "Market Area Manager",
        "Market Clerk",
        "Market Finance",
        "Market Supervisor",
        "Market Leader",
    }
)


def markets_of(user: str) -> list[str] | None:
    """The markets a user may see; None for all of them (an administrator without User Permissions)."""
    if user == "Administrator":
        return None
    roles = set(frappe.get_roles(user))
    if not roles & (UNLIMITED_ROLES | STAFF_ROLES):
        return []
    named = frappe.get_all(
        "User Permission", filters={"user": user, "allow": "Market"}, pluck="for_value", order_by="for_value"
    )
    if not named and roles & UNLIMITED_ROLES:
        return None
    return named


def require_market(market: str, user: str | None = None) -> None:
    """Raises PermissionError unless the user may see that market. For API methods that take a market."""
    allowed = markets_of(user or frappe.session.user)
    if allowed is not None and market not in allowed:
        frappe.throw(frappe._("You are not allowed to see this market."), frappe.PermissionError)


def query_conditions(user: str | None = None, doctype: str | None = None) -> str:
    """The SQL condition that Frappe adds to every list of our DocTypes."""
    markets = markets_of(user or frappe.session.user)
    if markets is None:
        return ""
    if not markets:
        return "1=0"
    column = "name" if doctype == "Market" else "market"
    names = ", ".join(frappe.db.escape(market) for market in markets)
    return f"`tab{doctype}`.`{column}` in ({names})"


def has_permission(
    doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs: object
) -> bool:
    """Whether a document's market is one of the user's. Frappe asks only after the role allowed it."""
    markets = markets_of(user or frappe.session.user)
    if markets is None:
        return True
    market = doc.get("name") if doc.doctype == "Market" else doc.get("market")
    # A new document without a market is refused by its mandatory field, with a message that says so.
    return bool(markets) and (not market or market in markets)
