"""The second lock on the ledger: triggers that make the database itself refuse to change or delete what is written.

The first one are the controllers of the ledger's DocTypes. Whoever gets past them with SQL meets these, Administrator
included. Tags, likes, comments and assignments write into the row they hang on, so the ledger has none of them: they
are refused before they meet the trigger.
"""

import frappe
from frappe import _

REFUSAL = "Account entries are never changed or deleted; post a reversal instead."
GUARDED = ("Account Entry", "Ledger Seal", "Ledger Seal Line")

_EVENTS = ("UPDATE", "DELETE")
_BODY = {
    "mariadb": "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{0}'",
    "sqlite": "BEGIN SELECT RAISE(ABORT, '{0}'); END",
}


def install() -> None:
    """Create the triggers that are missing (after_install, after_migrate)."""
    body = _BODY["sqlite" if frappe.db.db_type == "sqlite" else "mariadb"].format(REFUSAL)
    for doctype in GUARDED:
        for event in _EVENTS:
            frappe.db.sql_ddl(
                f"CREATE TRIGGER IF NOT EXISTS {frappe.scrub(doctype)}_no_{event.lower()} BEFORE {event}"
                f" ON `tab{doctype}` FOR EACH ROW {body}"
            )


def refuse_annotation(doctype: str | None) -> None:
    """Refuse a tag, like, comment or assignment on a DocType of the ledger (PermissionError)."""
    if doctype in GUARDED:
        frappe.throw(
            _("{0} takes no tags, likes, comments or assignments, because it is never changed.").format(
                _(doctype)
            ),
            frappe.PermissionError,
        )
