"""The second lock on the ledger: triggers that make the database itself refuse to change or delete an entry.

The first one is the controller of Account Entry. Whoever gets past it with SQL meets these, Administrator included.
"""

import frappe

REFUSAL = "Account entries are never changed or deleted; post a reversal instead."

_EVENTS = ("UPDATE", "DELETE")
_BODY = {
    "mariadb": "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{0}'",
    "sqlite": "BEGIN SELECT RAISE(ABORT, '{0}'); END",
}


def install() -> None:
    """Create the triggers that are missing (after_install, after_migrate)."""
    body = _BODY["sqlite" if frappe.db.db_type == "sqlite" else "mariadb"].format(REFUSAL)
    for event in _EVENTS:
        frappe.db.sql_ddl(
            f"CREATE TRIGGER IF NOT EXISTS account_entry_no_{event.lower()} BEFORE {event}"
            f" ON `tabAccount Entry` FOR EACH ROW {body}"
        )
