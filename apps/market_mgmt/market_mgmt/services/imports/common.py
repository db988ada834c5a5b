"""What every import shares: the result, the one-per-cent rule, isolation of bad rows, one transaction for the good ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TypeVar

import frappe
from cn_connect.excel import Table
from cn_connect.excel_cells import CellError, Row, as_text
from frappe import _
from market_mgmt.services.imports import stamp

CHECKED, POSTED, REFUSED = "Checked", "Posted", "Refused"
CHECKING, WRITING = "Checking", "Writing"
# More than one bad row in a hundred refuses the file (domain.md, Meter reading import).
MAX_BAD_SHARE = 100
CONFIRMING_ROLES = frozenset({"Market Supervisor", "Market Administrator", "System Manager"})

# What a document's own rules raise; anything else is a mistake of this program and undoes the whole import.
REFUSALS = (frappe.ValidationError, frappe.DuplicateEntryError)

_T = TypeVar("_T")
# Called with the step, the rows done and the rows there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Confirmation:
    """That somebody, who must be a supervisor, lets a file with many bad rows pass."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Change:
    """What a row says differently from what is stored, as texts for people. `reason` says why an import cannot apply it."""

    row: int
    stall: str
    column: str
    old: str
    new: str
    reason: str | None = None


@dataclass
class ImportResult:
    """What became of a file. Of the rows `accepted`, `unchanged` were known already, `differing` say something else than
    what is stored, which was left, and `changed` had that applied; `unread` had no reading yet.

    `added` counts new documents by DocType; nothing is added by a check or a repetition. `notes` say what was not read.
    """

    status: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    unchanged: int = 0
    unread: int = 0
    differing: int = 0
    changed: int = 0
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    error_workbook: bytes | None = None
    added: dict[str, int] = field(default_factory=dict)
    repeated: bool = False
    document: str | None = None


def judged(
    table: Table, as_of: date, dry_run: bool, confirmation: Confirmation | None, unchanged: int = 0
) -> ImportResult:
    """The result of validation alone: Checked, Refused, or Posted when the good rows may go in.

    Raises PermissionError when whoever confirmed the bad rows may not.
    """
    if confirmation:
        require_supervisor(confirmation.by)
    bad = [row for row in table.rows if row.errors]
    too_many = len(bad) * MAX_BAD_SHARE > len(table.rows)
    status = CHECKED if dry_run else REFUSED if too_many and not confirmation else POSTED
    result = ImportResult(status, rows=len(table.rows), rejected=len(bad))
    result.accepted = 0 if status == REFUSED else result.rows - result.rejected
    result.unchanged = 0 if status == REFUSED else unchanged
    result.notes = list(table.notes)
    result.errors = [error for row in bad for error in row.errors]
    if bad:
        made_for = stamp.read(table)
        notes = [_note(status), *([str(made_for)] if made_for else [])]
        from cn_connect.excel_errors import error_workbook  # with openpyxl, which is large

        result.error_workbook = error_workbook(table, bad, datetime.combine(as_of, time()), notes)
    return result


def _note(status: str) -> str:
    """What the workbook of rejected rows says above them."""
    if status == POSTED:
        return _(
            "These rows were not imported, the others were. Correct the marked cells and import this file."
        )
    if status == CHECKED:
        return _("Nothing was imported yet. Correct these rows in your file and check it again.")
    return _(
        "No row was imported: more than 1 % were wrong. Correct these rows in your file and import it again,"
        " or have a supervisor confirm that the others are imported without them."
    )


def checked(table: Table, check: Callable[[Row], _T], progress: Progress | None) -> list[_T]:
    """What the check makes of every row, with the progress told."""
    found = []
    for done, row in enumerate(table.rows, start=1):
        found.append(check(row))
        if progress:
            progress(CHECKING, done, len(table.rows))
    return found


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


class Attempt:
    """Rows that are written to see whether they can be: a check writes as an import does, and takes it back.

    `document` is the record of the import, None in a check; `result` decides whether what was written stays.
    """

    result: ImportResult

    def __init__(self, document: str | None = None) -> None:
        self.document = document

    @contextmanager
    def row(self, row: Row, column: str) -> Iterator[None]:
        """Takes back what is done inside when a document refuses, and notes that as a fault of the row's column."""
        frappe.db.savepoint("import_row")
        try:
            yield
        except REFUSALS as error:
            frappe.db.rollback(save_point="import_row")
            frappe.clear_messages()
            row.fault(column, refusal(error))
        frappe.db.release_savepoint("import_row")


def refusal(error: Exception) -> str:
    """Why a document could not be saved, for people."""
    if isinstance(error, frappe.DuplicateEntryError) and len(error.args) != 1:
        return _("exists already under another spelling")
    return str(error)


def longest(doctype: str, fieldname: str) -> int:
    """How many characters a column holds."""
    field = frappe.get_meta(doctype).get_field(fieldname)
    return int((field and field.length) or 0) or 140


def room_for(doctype: str, fieldname: str) -> Callable[[object], str]:
    """A parser for text that goes into a column: longer text is a fault, never cut."""
    return lambda value: as_text(value, longest(doctype, fieldname))


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
