"""What each person should be allowed, worked out from the stored rules alone: roles, markets, who reads files.

An oracle of its own: it reads the permission rows of the database and calls no permission function of Frappe or the apps.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from tests.security.documents import Document
from tests.security.people import Person

# Anybody signed in and everybody has these; staff has the third, too.
_EVERYBODY, _SIGNED_IN, _DESK = "Guest", "All", "Desk User"


@dataclass(frozen=True)
class Rights:
    """The permission rows of the site at level 0: (DocType, role, right); what only owners may, nobody here may."""

    granted: frozenset[tuple[str, str, str]]
    # DocTypes that a hook narrows beyond roles and market, and users: tests of their own try who reads which; the
    # matrix asks that nobody without the role and nobody of the web gets at them.
    narrowed: frozenset[str]

    @classmethod
    def read(cls, frappe: ModuleType) -> Rights:
        kinds = ("read", "write", "create", "delete", "select", "print", "export", "report")
        rows: set[tuple[str, str, str]] = set()
        custom = set(frappe.get_all("Custom DocPerm", pluck="parent"))
        for table in ("DocPerm", "Custom DocPerm"):
            fields = ["parent", "role", *kinds]
            for row in frappe.get_all(table, filters={"permlevel": 0, "if_owner": 0}, fields=fields):
                if (row.parent in custom) == (table == "Custom DocPerm"):
                    rows |= {(row.parent, row.role, kind) for kind in kinds if row[kind]}
        hooked = frappe.get_hooks("has_permission", {})
        by_market = {name for name in hooked if name == "Market" or _has_market(frappe, name)}
        return cls(frozenset(rows), frozenset(hooked) - by_market | {"User"})

    def on_doctype(self, person: Person, doctype: str, kind: str) -> bool:
        """Whether a role gives the right. People of the web have no document interface, whatever the rows say."""
        if not person.is_staff:
            return False
        roles = person.roles | {_EVERYBODY, _SIGNED_IN, _DESK}
        return any((doctype, role, kind) in self.granted for role in roles)

    def on(self, person: Person, document: Document, kind: str) -> bool:
        """The same, and the document lies in a market of theirs. Rows have the rights of their documents."""
        if not self.on_doctype(person, document.parent or document.doctype, kind):
            return False
        return document.market is None or person.sees_every_market or document.market == person.market


def _has_market(frappe: ModuleType, doctype: str) -> bool:
    return doctype != "*" and bool(frappe.get_meta(doctype).has_field("market"))
