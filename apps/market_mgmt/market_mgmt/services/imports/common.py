"""What every import shares: the result, the one-per-cent rule, isolation of bad rows, one transaction for the good ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time

import frappe
from cn_connect.excel import Table
from cn_connect.excel_cells import CellError, Row
from frappe import _

CHECKED, POSTED, REFUSED = "Checked", "Posted", "Refused"
# More than one bad row in a hundred refuses the file (domain.md, Meter reading import).
MAX_BAD_SHARE = 100
CONFIRMING_ROLES = frozenset({"Market Supervisor", "Market Administrator", "System Manager"})

Progress = Callable[[int, int], None]


@dataclass
class ImportResult:
    """What became of a file. `added` counts new documents by DocType; nothing is added by a check or a repetition."""

    status: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    errors: list[CellError] = field(default_factory=list)
    error_workbook: bytes | None = None
    added: dict[str, int] = field(default_factory=dict)
    repeated: bool = False
    document: str | None = None


def content_key(content: bytes) -> str:
    """By which the same file is recognised."""
    return hashlib.sha256(content).hexdigest()


def judged(table: Table, as_of: date, dry_run: bool, confirmed_by: str | None) -> ImportResult:
    """The result of validation alone: Checked, Refused, or Posted when the good rows may go in.

    Raises PermissionError when whoever confirmed the bad rows may not.
    """
    if confirmed_by:
        require_supervisor(confirmed_by)
    bad = [row for row in table.rows if row.errors]
    too_many = len(bad) * MAX_BAD_SHARE > len(table.rows)
    status = CHECKED if dry_run else REFUSED if too_many and not confirmed_by else POSTED
    result = ImportResult(status, rows=len(table.rows), rejected=len(bad))
    result.accepted = 0 if status == REFUSED else result.rows - result.rejected
    result.errors = [error for row in bad for error in row.errors]
    if bad:
        from cn_connect.excel_writer import error_workbook  # with openpyxl, which is large

        result.error_workbook = error_workbook(table, bad, datetime.combine(as_of, time()))
    return result


def require_supervisor(user: str) -> None:
    """Raises PermissionError unless the user may let a file with many bad rows pass."""
    if user != "Administrator" and not CONFIRMING_ROLES & set(frappe.get_roles(user)):
        frappe.throw(_("Only a supervisor may confirm a file with this many errors."), frappe.PermissionError)


@contextmanager
def all_or_nothing(savepoint: str) -> Iterator[None]:
    """Takes back everything done inside when anything goes wrong there."""
    frappe.db.savepoint(savepoint)
    try:
        yield
    except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
        # The database has undone the whole transaction, and its savepoints with it.
        raise
    except Exception:
        frappe.db.rollback(save_point=savepoint)
        raise


def refuse_repeats(rows: Sequence[Row], column: str, keys: Sequence[object]) -> None:
    """Faults every row whose key (None counts as no key) an earlier row already has."""
    first: dict[object, int] = {}
    for row, key in zip(rows, keys, strict=True):
        if key is None:
            continue
        if key in first:
            row.fault(column, _("repeats row {0}").format(first[key]))
        else:
            first[key] = row.number


def attach(content: bytes, file_name: str, doctype: str | None = None, name: str | None = None) -> str:
    """Keeps a file privately, attached to a document if one is named. Returns its address."""
    values = {
        "doctype": "File",
        "file_name": file_name,
        "content": content,
        "is_private": 1,
        "attached_to_doctype": doctype,
        "attached_to_name": name,
    }
    return frappe.get_doc(values).insert(ignore_permissions=True).file_url
