"""Imports in the background: started from an uploaded file, watched while they run, one result at the end.

The state lives in the cache, because everything else an import does is rolled back when it fails.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import date
from typing import Any

import frappe
from cn_connect.errors import ConnectError
from cn_connect.excel_cells import CellError
from frappe import _
from market_mgmt.services.imports import arrears, merchants, readings
from market_mgmt.services.imports.common import ImportResult, attach, require_supervisor

MERCHANTS, READINGS, ARREARS = "merchants", "readings", "arrears"
QUEUED, RUNNING, DONE, FAILED = "Queued", "Running", "Done", "Failed"
_KEEP_SECONDS = 24 * 3600
_SHOWN_ERRORS = 200


def start(
    kind: str, market: str, file: str, as_of: date, dry_run: bool, confirmed: bool, period: str | None = None
) -> str:
    """Queues an import of an uploaded file (its address or name); returns the name to ask for progress with.

    Raises PermissionError when the user may not read the file, or confirms bad rows without being a supervisor.
    """
    document = uploaded(file)
    user = frappe.session.user
    if confirmed:
        require_supervisor(user)
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
        file=document.name,
        as_of=as_of.isoformat(),
        dry_run=dry_run,
        confirmed_by=user if confirmed else None,
        period=period,
    )
    return name


def uploaded(file: str) -> Any:
    """The File document of an upload. Raises DoesNotExistError or PermissionError."""
    name = frappe.db.get_value("File", {"file_url": file}, "name") or file
    document = frappe.get_doc("File", name)
    document.check_permission("read")
    return document


def progress(name: str) -> dict[str, Any] | None:
    """How far an import is, and its result once it is done; None for an unknown name."""
    # Without `expires` a process would go on answering what it read first.
    return frappe.cache.get_value(_key(name), expires=True)


def run(
    name: str,
    kind: str,
    market: str,
    file: str,
    as_of: str,
    dry_run: bool,
    confirmed_by: str | None,
    period: str | None,
) -> None:
    """The job. Whatever goes wrong, nothing is half done and the state says what it was."""
    state = progress(name) or {"name": name, "kind": kind, "market": market}

    def advance(done: int, total: int) -> None:
        if done == total or done % 50 == 0:
            _store(name, state | {"state": RUNNING, "done": done, "total": total})

    try:
        document = frappe.get_doc("File", file)
        content = document.get_content()
        content = content.encode() if isinstance(content, str) else content
        day = date.fromisoformat(as_of)
        result = _import(
            kind, market, period, content, document.file_name, day, dry_run, confirmed_by, advance
        )
        _store(
            name,
            state
            | {"state": DONE, "done": result.rows, "total": result.rows, "result": _shown(name, result)},
        )
        if kind == MERCHANTS and result.status == "Posted":
            # The form holds identity numbers in the clear; what is needed of it is stored encrypted now.
            frappe.delete_doc("File", file, ignore_permissions=True)
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


def _import(
    kind: str, market: str, period: str | None, content: bytes, file_name: str, as_of: date, *rest: Any
) -> ImportResult:
    if kind == MERCHANTS:
        return merchants.run(market, content, file_name, as_of, *rest)
    if kind == ARREARS:
        return arrears.run(market, content, file_name, as_of, *rest)
    return readings.run(market, period or readings.period_of(content), content, file_name, as_of, *rest)


def _shown(name: str, result: ImportResult) -> dict[str, Any]:
    """The result for a client: figures, the first errors, where the workbook with all of them is."""
    values = {
        key: getattr(result, key) for key in ("status", "rows", "accepted", "rejected", "held", "added")
    }
    errors: list[CellError] = result.errors[:_SHOWN_ERRORS]
    workbook = None
    if result.error_workbook:
        workbook = attach(result.error_workbook, f"import-{name}-errors.xlsx")
    return values | {
        "repeated": result.repeated,
        "document": result.document,
        "errors": [asdict(error) for error in errors],
        "error_workbook": workbook,
    }


def _key(name: str) -> str:
    return f"market_import|{name}"


def _store(name: str, state: dict[str, Any]) -> None:
    frappe.cache.set_value(_key(name), state, expires_in_sec=_KEEP_SECONDS)
