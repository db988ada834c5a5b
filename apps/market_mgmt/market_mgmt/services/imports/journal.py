"""The record of an import (Market Import): which file, what became of it, who confirmed its bad rows and when.

By it the same file is known again. Checks leave no record: they write nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import frappe
from cn_connect.excel_file import WorkbookFault
from frappe.model.document import Document
from market_mgmt.services.imports.common import (
    POSTED,
    REFUSED,
    Attempt,
    Confirmation,
    ImportResult,
    all_or_nothing,
    attach,
)
from market_mgmt.services.rows import lock

DOCTYPE = "Market Import"
MERCHANTS, READINGS, ARREARS = "Merchants", "Readings", "Arrears"
# Personal data in the clear: such a workbook belongs to whoever imported it and is not shown with the record.
_PERSONAL = (MERCHANTS,)
_COUNTS = ("rows", "accepted", "rejected", "unchanged", "differing", "held")


@dataclass(frozen=True)
class Source:
    """A file to import into a market."""

    kind: str
    market: str
    content: bytes
    file_name: str
    period: str | None = None

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def key(self) -> str:
        """By which the same file is known again."""
        return f"{self.market}|{self.kind}|{self.period or ''}|{self.hash}"


def posted_before(source: Source) -> ImportResult | None:
    """What became of the file when it was posted as a whole; None when there is something to do.

    A file of which rows were left out, or differed from what is stored, is gone through again: what they lacked may be
    there by now. Other imports into the market wait from here until the transaction ends, also for a check, which
    writes and takes back what it wrote.
    """
    lock("Market", [source.market])
    done = {"import_key": source.key, "status": POSTED, "rejected": 0, "differing": 0}
    found = frappe.db.get_value(DOCTYPE, done, ["name", *_COUNTS], as_dict=True)
    if not found:
        return None
    counts = {key: found[key] for key in _COUNTS} | {"unchanged": found.rows}
    return ImportResult(POSTED, repeated=True, document=found.name, **counts)


@contextmanager
def attempted(source: Source, dry_run: bool, confirmation: Confirmation | None) -> Iterator[Attempt]:
    """What is written inside goes in together with the record of the import, if its result is to post; else nothing."""
    with all_or_nothing("market_import"):
        document = None if dry_run else _document(source)
        attempt = Attempt(document.name if document else None)
        frappe.db.savepoint("market_import_rows")
        yield attempt
        result = attempt.result
        if result.status != POSTED:
            frappe.db.rollback(save_point="market_import_rows")
            frappe.clear_messages()
            result.added = {}
        if document:
            _record(document, source, result, confirmation)


def _record(document: Any, source: Source, result: ImportResult, confirmation: Confirmation | None) -> None:
    was_posted = document.status == POSTED
    result.document = document.name
    result.repeated = was_posted and not any(result.added.values()) and not result.changed
    if result.status == POSTED or not was_posted:  # what was posted is not forgotten
        _close(document, source, result, confirmation)


def upload_of(name: str) -> Document:
    """A refused import with the file it was made from.

    Raises DoesNotExistError, and WorkbookFault when the file was posted since or is gone.
    """
    document = frappe.get_doc(DOCTYPE, name)
    kept = bool(document.file) and frappe.db.exists("File", document.file)
    if document.status != REFUSED or not kept:
        raise WorkbookFault("NOT_REFUSED", "The import {0} is not waiting for a confirmation.", name)
    return document


def _document(source: Source) -> Any:
    earlier = frappe.db.get_value(DOCTYPE, {"import_key": source.key})
    if earlier:
        return frappe.get_doc(DOCTYPE, earlier, for_update=True)
    document = frappe.new_doc(DOCTYPE)
    document.update(
        {
            "market": source.market,
            "kind": source.kind,
            "period": source.period,
            "file_name": source.file_name[:140],
            "content_hash": source.hash,
            "import_key": source.key,
            "status": REFUSED,
        }
    )
    return document.insert(ignore_permissions=True)


def _close(document: Any, source: Source, result: ImportResult, confirmation: Confirmation | None) -> None:
    document.update({key: getattr(result, key) for key in ("status", *_COUNTS)})
    if confirmation and result.rejected:
        document.update({"confirmed_by": confirmation.by, "confirmed_at": confirmation.at})
    if result.error_workbook and source.kind not in _PERSONAL:
        document.error_workbook = attach(
            result.error_workbook, f"{document.name}-errors.xlsx", DOCTYPE, document.name
        )
    document.save(ignore_permissions=True)
