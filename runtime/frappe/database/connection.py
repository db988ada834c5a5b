"""SQL in, rows out, and the transaction around it: one per request or job."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import frappe
from frappe.database import pool
from frappe.database.errors import DUPLICATE_ENTRY
from frappe.types.frappedict import _dict

_WRITES = frozenset({"insert", "update", "delete", "replace"})
_KIND = re.compile(r"[\s(]*(\w*)")


class Callbacks(deque[Callable[[], Any]]):
    """Functions to run once, in their order. One that is added by another while they run is served in the same run."""

    add = deque.append
    reset = deque.clear

    def run(self) -> None:
        while self:
            self.popleft()()


class Connection:
    """The transaction opens with the first statement and ends with commit or rollback.

    Callbacks run once and are forgotten when it ends.
    """

    # What a backend supplies:
    db_type: str
    key: tuple  # which database this is, among all that the process may open
    connect: Callable[[], Any]
    # One statement; its rows and column names, None when it gives no rows
    execute: Callable[[str, Any], tuple[Sequence[tuple], list[str] | None]]
    execute_many: Callable[[str, list[tuple]], None]  # an INSERT up to VALUES, and the rows
    end_transaction: Callable[[str], None]  # "commit" or "rollback"
    quoted: Callable[[str], str]  # a text as a literal of the server

    def __init__(self) -> None:
        self.after_commit = Callbacks()
        self.after_rollback = Callbacks()
        self.transaction_writes = 0
        self.value_cache: dict[Any, Any] = {}
        self._connection: Any = None

    def pool_key(self) -> tuple:
        return self.key

    @property
    def connection(self) -> Any:
        """An idle one or a new one, when it is first needed."""
        if self._connection is None:
            self._connection = pool.take(self.pool_key()) or self.connect()
        return self._connection

    def close(self) -> None:
        """Keep the connection for others, without what was not committed."""
        if self._connection is not None:
            self.end_transaction("rollback")
        if self._connection is not None:
            pool.give_back(self._connection, self.pool_key())
            self._connection = None

    def sql(
        self,
        query: Any,
        values: Any = (),
        *,
        as_dict: Any = False,
        as_list: Any = False,
        pluck: bool = False,
    ) -> Any:
        """Run a statement in MariaDB's SQL, or a query of `frappe.qb`.

        `values`: a tuple or list for %s, a dict for %(name)s; a list among the values fills an IN.
        Gives a tuple of tuples, or a list of dicts, of lists or of first values as asked.
        """
        if not isinstance(query, str):
            query, values = query.walk()
        if not isinstance(values, (tuple, list, dict)):
            values = (values,)
        if statement_kind(query) in _WRITES:
            self.transaction_writes += 1
        if getattr(frappe.local, "db", None) is self and frappe.local.fronts is None:
            frappe.cache.pin_fronts()  # this statement may take the transaction's snapshot
        rows, columns = self.execute(query, values)
        if columns is None:
            return ()
        if pluck:
            return [row[0] for row in rows]
        if as_dict:
            return [_dict(zip(columns, row, strict=False)) for row in rows]
        return [list(row) for row in rows] if as_list else tuple(rows)

    def escape(self, s: Any, percent: bool = True) -> str:
        """A literal to be put into a statement. Prefer bound values."""
        text = self.quoted(frappe.utils.cstr(s))
        return text.replace("%", "%%") if percent else text

    def commit(self) -> None:
        """Make everything since the last commit permanent, then run the after_commit callbacks."""
        self.after_rollback.reset()
        self._end("commit")
        self.after_commit.run()

    def rollback(self, *, save_point: str | None = None) -> None:
        """Undo everything since the last commit, or since `save_point`."""
        if save_point:
            self._savepoint("rollback to savepoint", save_point)
            self.value_cache.clear()
            if frappe.local.flags.fronts_bump_waits:
                frappe.local.fronts = {}
            return
        self.after_commit.reset()
        self._end("rollback")
        frappe.local.request_cache.pop("cached_docs", None)  # they may hold what is undone
        self.after_rollback.run()

    def savepoint(self, save_point: str) -> None:
        """A point to which rollback(save_point=…) returns."""
        self._savepoint("savepoint", save_point)

    def release_savepoint(self, save_point: str) -> None:
        """Forgets a point to return to; what was done since stays part of the transaction."""
        self._savepoint("release savepoint", save_point)

    def _end(self, statement: str) -> None:
        self.end_transaction(statement)
        self.transaction_writes = 0
        self.value_cache.clear()
        if getattr(frappe.local, "db", None) is self:
            frappe.local.fronts = None

    def _savepoint(self, statement: str, name: str) -> None:
        if not name.isidentifier():
            raise frappe.ValidationError(f"Invalid savepoint name: {name}")
        self.sql(f"{statement} {name}")

    # -- what an error means; every backend raises its errors with MariaDB's number as first argument --------------

    def is_duplicate_entry(self, e: Exception) -> bool:
        return e.args[:1] == (DUPLICATE_ENTRY,)

    def is_primary_key_violation(self, e: Exception) -> bool:
        return self.is_duplicate_entry(e) and "PRIMARY" in str(e)

    def is_unique_key_violation(self, e: Exception) -> bool:
        return self.is_duplicate_entry(e) and "PRIMARY" not in str(e)


def statement_kind(query: str) -> str:
    """The first word: select, insert, …"""
    return _KIND.match(query)[1].lower()  # type: ignore[index]
