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


def require_trust() -> None:
    """ValidationError when MariaDB would refuse the triggers (error 1419), before anything is half installed.

    A binary log is kept, and sites' users, who lack SUPER, are not trusted to create triggers:
    https://mariadb.com/kb/en/binary-logging-of-stored-routines/
    """
    if frappe.db.db_type == "sqlite":
        return
    if frappe.db.sql("SELECT @@log_bin AND NOT @@log_bin_trust_function_creators")[0][0]:
        frappe.throw(
            _(
                "MariaDB writes a binary log and lets no site create triggers, which the ledger needs: "
                "set log_bin_trust_function_creators = 1 in MariaDB's configuration, then try again."
            )
        )


def install() -> None:
    """Create the triggers that are missing (after_install, after_migrate)."""
    require_trust()
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
