"""Imports in the background: started from an uploaded file, watched while they run, one result at the end.

The state lives in the cache, because everything else an import does is rolled back when it fails.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import frappe
from cn_connect import retry
from cn_connect.errors import ConnectError
from cn_connect.excel_cells import CellError
from frappe import _
from market_mgmt.services.imports import arrears, journal, merchants, readings
from market_mgmt.services.imports.common import (
    POSTED,
    REFUSED,
    Confirmation,
    ImportResult,
    Progress,
    attach,
    require_supervisor,
)

MERCHANTS, READINGS, ARREARS = "merchants", "readings", "arrears"
QUEUED, RUNNING, DONE, FAILED = "Queued", "Running", "Done", "Failed"
READING = "Reading"
_KEEP_SECONDS = 24 * 3600
_SHOWN_ERRORS, _SHOWN_CHANGES = 200, 500
_SHOWN = (
    *("status", "rows", "accepted", "rejected", "unchanged", "differing", "changed"),
    *("unread", "held", "added", "notes"),
)
_STEP_ROWS = 50
# A running import tells how far it is every few rows; one that has been silent this long was killed.
_SILENT_SECONDS = 300


def start(
    kind: str,
    market: str,
    file: str,
    now: datetime,
    dry_run: bool,
    confirmed: bool,
    period: str | None = None,
    apply_changes: bool = False,
) -> str:
    """Queues an import of an uploaded file (its address or name); returns the name to ask for progress with.

    Raises PermissionError when the user may not read the file, or confirms bad rows or changes without being a supervisor.
    """
    if confirmed or apply_changes:
        require_supervisor(frappe.session.user)
    return _queue(kind, market, uploaded(file).name, now, dry_run, confirmed, period, apply_changes)


def confirm(document: str, now: datetime, dry_run: bool) -> str:
    """Queues a refused import again, whoever uploaded its file: its good rows are posted on the user's authority.

    `dry_run` shows the user what is wrong first. Raises PermissionError unless the user is a supervisor, WorkbookFault
    when the import does not wait for this.
    """
    require_supervisor(frappe.session.user)
    refused = journal.upload_of(document)
    kind = str(refused.kind).lower()
    return _queue(kind, refused.market, refused.file, now, dry_run, True, refused.period)


def market_of(document: str) -> str:
    """The market of an import. Raises DoesNotExistError."""
    return str(frappe.get_doc(journal.DOCTYPE, document).market)


def _queue(
    kind: str,
    market: str,
    file: str,
    now: datetime,
    dry_run: bool,
    confirmed: bool,
    period: str | None,
    apply_changes: bool = False,
) -> str:
    name = secrets.token_hex(8)
    _store(name, {"name": name, "kind": kind, "market": market, "state": QUEUED, "done": 0, "total": 0})
    frappe.enqueue(
        "market_mgmt.services.imports.jobs.run",
        queue="long",
        timeout=900,
        enqueue_after_commit=True,
        name=name,
        kind=kind,
        market=market,
        file=file,
        started=now.isoformat(),
        dry_run=dry_run,
        confirmed_by=frappe.session.user if confirmed else None,
        changes_by=frappe.session.user if apply_changes else None,
        period=period,
    )
    return name


def uploaded(file: str) -> Any:
    """The File document of an upload. Raises DoesNotExistError or PermissionError."""
    # Two people who upload the same content get the same address, each with a document of their own.
    for name in frappe.get_all("File", {"file_url": file}, pluck="name"):
        document = frappe.get_doc("File", name)
        if document.has_permission("read"):
            return document
    document = frappe.get_doc("File", frappe.db.get_value("File", {"file_url": file}) or file)
    document.check_permission("read")
    if document.is_folder:
        frappe.throw(_("{0} is a folder; choose an uploaded file.").format(file))
    return document


def progress(name: str) -> dict[str, Any] | None:
    """How far an import is, and its result once it is done; None for an unknown name."""
    # Without `expires` a process would go on answering what it read first.
    state = frappe.cache.get_value(_key(name), expires=True)
    if state and state["state"] == RUNNING and time.time() - state["heard"] > _SILENT_SECONDS:
        message = _("The import was interrupted and nothing was changed. Start it again with the same file.")
        state |= {"state": FAILED, "error_code": "IMPORT_INTERRUPTED", "message": message}
    return {key: value for key, value in state.items() if key != "heard"} if state else None


def run(
    name: str,
    kind: str,
    market: str,
    file: str,
    started: str,
    dry_run: bool,
    confirmed_by: str | None,
    period: str | None,
    changes_by: str | None = None,
) -> None:
    """The job. Whatever goes wrong, nothing is half done and the state says what it was.

    A job that is killed leaves nothing either; run again, it does the whole.
    """
    state = progress(name) or {"name": name, "kind": kind, "market": market}

    def advance(step: str, done: int, total: int) -> None:
        if done == total or done % _STEP_ROWS == 0:
            _store(name, state | {"state": RUNNING, "step": step, "done": done, "total": total})

    def work() -> ImportResult:
        document = frappe.get_doc("File", file)
        content = document.get_content()
        content = content.encode() if isinstance(content, str) else content
        moment = datetime.fromisoformat(started)
        confirmation = Confirmation(confirmed_by, moment) if confirmed_by else None
        # What is locked from here on is read as it is then, not as of the snapshot of what was read so far.
        frappe.db.rollback()
        return _import(
            *(kind, market, period, content, document.file_name),
            *(moment.date(), dry_run, confirmation, advance, changes_by),
        )

    try:
        _store(name, state | {"state": RUNNING, "step": READING})
        result = retry.whole(work)
        shown = _shown(name, result)
        _keep_or_delete(kind, file, result)
        frappe.db.commit()
        _store(name, state | {"state": DONE, "done": result.rows, "total": result.rows, "result": shown})
    except ConnectError as error:
        frappe.db.rollback()
        message = _(error.source).format(*error.params)
        _store(name, state | {"state": FAILED, "error_code": error.error_code, "message": message})
    except Exception as error:
        frappe.db.rollback()
        frappe.log_error(title=f"Import {kind} {name}")
        readable = isinstance(error, frappe.ValidationError)
        message = (
            str(error) if readable else _("The import failed; nothing was changed. The error log says why.")
        )
        _store(name, state | {"state": FAILED, "error_code": "IMPORT_FAILED", "message": message})


def _keep_or_delete(kind: str, file: str, result: ImportResult) -> None:
    """A refused file is kept for the supervisor; a form holds identity numbers and goes once it is in."""
    if result.document and result.rejected:
        waiting = file if result.status == REFUSED else None
        frappe.db.set_value(journal.DOCTYPE, result.document, "file", waiting)
    if kind == MERCHANTS and result.status == POSTED and frappe.db.exists("File", file):
        _delete_everywhere(file)


def _delete_everywhere(file: str) -> None:
    """Every record of that content: Frappe keeps the bytes as long as one record names them."""
    digest = frappe.db.get_value("File", file, "content_hash")
    same = frappe.get_all("File", {"content_hash": digest}, pluck="name") if digest else []
    for name in {file, *same}:
        frappe.db.set_value(journal.DOCTYPE, {"file": name}, "file", None)
        frappe.delete_doc("File", name, ignore_permissions=True, force=True)


def _import(
    kind: str,
    market: str,
    period: str | None,
    content: bytes,
    file_name: str,
    as_of: date,
    dry_run: bool,
    confirmation: Confirmation | None,
    advance: Progress,
    changes_by: str | None,
) -> ImportResult:
    usual = (file_name, as_of, dry_run, confirmation, advance)
    if kind == MERCHANTS:
        return merchants.run(market, content, *usual, changes_by=changes_by)
    if kind == ARREARS:
        return arrears.run(market, content, *usual)
    return readings.run(market, period or readings.period_of(market, content), content, *usual)


def _shown(name: str, result: ImportResult) -> dict[str, Any]:
    """The result for a client: figures, the first errors, where the workbook with all of them is."""
    values = {key: getattr(result, key) for key in _SHOWN}
    errors: list[CellError] = result.errors[:_SHOWN_ERRORS]
    workbook = None
    if result.document:
        workbook = frappe.db.get_value(journal.DOCTYPE, result.document, "error_workbook")
    if result.error_workbook and not workbook:
        workbook = attach(result.error_workbook, f"import-{name}-errors.xlsx")
    return values | {
        "repeated": result.repeated,
        "document": result.document,
        "errors": [asdict(error) for error in errors],
        "changes": [asdict(change) for change in result.changes[:_SHOWN_CHANGES]],
        "error_workbook": workbook,
    }


def _key(name: str) -> str:
    return f"market_import|{name}"


def _store(name: str, state: dict[str, Any]) -> None:
    heard = {"heard": time.time()}
    frappe.cache.set_value(_key(name), state | heard, expires_in_sec=_KEEP_SECONDS)
