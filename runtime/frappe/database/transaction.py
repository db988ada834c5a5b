"""Commit, rollback, savepoints and what runs around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import frappe
from frappe.utils.callbacks import CallbackManager


class TransactionMixin:
    """One transaction per request or job; callbacks run once and are forgotten when it ends."""

    def __init__(self) -> None:
        self.before_commit = CallbackManager()
        self.after_commit = CallbackManager()
        self.before_rollback = CallbackManager()
        self.after_rollback = CallbackManager()
        self.transaction_writes = 0
        self.value_cache: dict[Any, Any] = {}

    def begin(self, *, read_only: bool = False) -> None:
        """Nothing to do: the first statement opens the transaction."""

    def commit(self) -> None:
        """Make everything since the last commit permanent, then run the after_commit callbacks."""
        self.before_rollback.reset()
        self.after_rollback.reset()
        self.before_commit.run()
        self._end("commit")
        self.after_commit.run()

    def rollback(self, *, save_point: str | None = None) -> None:
        """Undo everything since the last commit, or since `save_point`."""
        if save_point:
            self._savepoint("rollback to savepoint", save_point)
            self.value_cache.clear()
            return
        self.before_commit.reset()
        self.after_commit.reset()
        self.before_rollback.run()
        self._end("rollback")
        self.after_rollback.run()

    def savepoint(self, save_point: str) -> None:
        """A point to which rollback(save_point=…) returns."""
        self._savepoint("savepoint", save_point)

    def release_savepoint(self, save_point: str) -> None:
        self._savepoint("release savepoint", save_point)

    def _end(self, statement: str) -> None:
        self.end_transaction(statement)
        self.transaction_writes = 0
        self.value_cache.clear()

    def _savepoint(self, statement: str, name: str) -> None:
        if not name.isidentifier():
            raise frappe.ValidationError(f"Invalid savepoint name: {name}")
        self.run_savepoint(f"{statement} {name}")

    def end_transaction(self, statement: str) -> None:
        raise NotImplementedError

    def run_savepoint(self, statement: str) -> None:
        raise NotImplementedError


@contextmanager
def savepoint(catch: type[BaseException] | tuple[type[BaseException], ...] = Exception) -> Iterator[None]:
    """Run a block; on `catch` undo what the block wrote and go on.

    Example: `with savepoint(catch=frappe.DuplicateEntryError): doc.insert()`
    """
    name = "sp_" + frappe.generate_hash(length=10)
    frappe.db.savepoint(name)
    try:
        yield
    except catch:
        frappe.db.rollback(save_point=name)
    else:
        frappe.db.release_savepoint(name)
