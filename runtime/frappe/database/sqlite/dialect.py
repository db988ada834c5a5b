"""Apps write MariaDB's SQL; this module rewrites it for SQLite.

A statement is rewritten once and cached with its parameter slots, so that the same text costs nothing the next time.
What is rewritten: %s and %(name)s, LIKE's backslash, division of integers, and FOR UPDATE. Functions go by MariaDB's
names (see functions.py); quoting by backticks is known to SQLite.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from frappe.database.connection import statement_kind
from frappe.database.sqlite.values import bind, date_columns

_TOKEN = re.compile(
    r"""(?P<like>\blike\s+)?(?P<value>%s|%\((?P<name>\w+)\)s|'(?:[^']|'')*')
    | "[^"]*" | `[^`]*` | --\s[^\n]*
    | (?P<divide>/)
    | (?P<lock>\s+for\s+update\b(?:\s+(?:nowait|skip\s+locked))?\s*\Z)""",
    re.VERBOSE | re.IGNORECASE,
)
_READS = frozenset({"select", "with", "explain", "pragma"})


@dataclass(frozen=True)
class Statement:
    """A rewritten statement, with %s for its parameters, and which value each of them is (None: the next one).

    `locks`: it writes, or reads for an update. `gives_dates`: positions in the result of what may be dates.
    """

    text: str
    slots: tuple[str | None, ...]
    locks: bool
    gives_dates: frozenset[int]

    def filled(self, values: Any) -> tuple[str, list]:
        """The text and the flat list of bound values; a list among the values becomes (?, ?, …)."""
        bound: list[Any] = []
        marks: list[str] = []
        for i, name in enumerate(self.slots):
            value = values[i if name is None else name]
            if isinstance(value, (list, tuple, set, frozenset)):
                bound.extend(map(bind, value))
                marks.append("(" + ",".join("?" * len(value)) + ")")
            else:
                bound.append(bind(value))
                marks.append("?")
        return (self.text % tuple(marks) if marks else self.text), bound


@lru_cache(maxsize=4096)
def translate(query: str, has_values: bool) -> Statement:
    """The SQLite form of a MariaDB statement. `has_values`: whether %-placeholders are meant, as MariaDB's client has it."""
    slots: list[str | None] = []
    locks = statement_kind(query) not in _READS

    def rewrite(match: re.Match) -> str:
        nonlocal locks
        text = match.group()
        if match["divide"]:
            return " * 1.0 / "
        if match["lock"]:
            locks = True
            return ""
        if has_values and match["value"] and match["value"][0] == "%":
            slots.append(match["name"])
            text = (match["like"] or "") + "%s"
        return f"{text} escape '\\'" if match["like"] else text

    text = _TOKEN.sub(rewrite, query)
    return Statement(text, tuple(slots), locks, date_columns(query))
