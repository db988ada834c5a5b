"""Who sees and changes what: staff only their markets, merchants no document at all (their API reads through services).

One rule serves lists and single documents: the markets that a user's User Permissions name. A document is judged by the
market that is stored, by the one that it claims, and, for a change, by those of everything that it links to: what a
client says counts for nothing by itself.
"""

from collections.abc import Iterator

import frappe
from frappe.model.document import Document
from market_mgmt import own_doctypes

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
# Of these, the links need no look: the stored document, whose links were checked when it was saved, is what is shown.
_LOOKING = frozenset({"select", "read", "report", "print", "email", "export", "share", "delete"})


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
    """The SQL condition that Frappe adds to every list of a DocType with a market."""
    markets = markets_of(user or frappe.session.user)
    if markets is None:
        return ""
    if not markets:
        return "1=0"
    column = "name" if doctype == "Market" else "market"
    names = ", ".join(frappe.db.escape(market) for market in markets)
    return f"`tab{doctype}`.`{column}` in ({names})"


def unlimited_conditions(user: str | None = None, doctype: str | None = None) -> str:
    """The SQL condition for lists of records about all markets."""
    return "" if markets_of(user or frappe.session.user) is None else "1=0"


def has_permission(
    doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs: object
) -> bool:
    """Whether all markets that a document has to do with are the user's. Frappe asks only after the role allowed it."""
    allowed = markets_of(user or frappe.session.user)
    if allowed is None:
        return True
    if not allowed or not isinstance(doc.get("name") or "", (str, int)):
        return False
    touched = set(_own_markets(doc))
    if doc.doctype == "Market" and not touched:
        return False  # a new market: for whoever is limited to none
    if ptype not in _LOOKING:
        touched.update(link.market for link in linked(doc))
    # A new document without any market is refused by its mandatory field, with a message that says so.
    return touched <= set(allowed)


def shared_setting(
    doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs: object
) -> bool:
    """Settings of all markets are for all to see; only who is limited to no market changes them."""
    markets = markets_of(user or frappe.session.user)
    return markets is None or (ptype in _LOOKING - {"delete", "share"} and bool(markets))


def shared_record(
    doc: Document, ptype: str | None = None, user: str | None = None, **_kwargs: object
) -> bool:
    """Records about all markets are for those who are limited to none."""
    return markets_of(user or frappe.session.user) is None


class Link(frappe._dict):
    """Where a document points into a market: `doctype`, `name`, `label` of the field, `market`."""


def linked(doc: Document, before: Document | None = None) -> Iterator[Link]:
    """What a document and its rows link to that is of a market; with `before`, only what has changed since."""
    scoped = set(own_doctypes.of_a_market()) - {"Market"}
    old = {(row.doctype, row.name): row for row in (before, *before.get_all_children())} if before else {}
    found: dict[str, dict[str, str]] = {}
    for row in (doc, *doc.get_all_children()):
        known = old.get((row.doctype, row.name))
        for field in row.meta.get_link_fields():
            name = row.get(field.fieldname)
            if field.options in scoped and name and not (known and known.get(field.fieldname) == name):
                found.setdefault(field.options, {})[str(name)] = field.label
    for doctype, labels in found.items():
        filters = {"name": ["in", list(labels)]}
        for name, market in frappe.get_all(doctype, filters=filters, fields=["name", "market"], as_list=True):
            # the database may find a name that differs in case; it is the same document
            label = labels.get(name) or next(iter(labels.values()))
            yield Link(doctype=doctype, name=name, label=label, market=market)


def _own_markets(doc: Document) -> Iterator[str]:
    """The market that is stored, and the one that the document claims."""
    column = "name" if doc.doctype == "Market" else "market"
    stored = frappe.db.get_value(doc.doctype, doc.name, column) if doc.get("name") else None
    claimed = doc.get("market") if column == "market" else None
    yield from (market for market in (stored, claimed) if market)
