"""The select list, GROUP BY and ORDER BY of a query on one DocType: what may be written there.

A field is a column, or one of a few functions of a column: `name`, `` `tabBill`.`name` ``, `sum(amount)`,
`count(distinct place)`, each with an optional alias. Nothing else gets into the SQL.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import frappe

_ALIAS = re.compile(r"(?P<what>.+?)\s+as\s+[`'\"]?(?P<alias>[\w ]+?)[`'\"]?\Z", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"`?(\w+)`?\Z")
_CALL = re.compile(r"(count|sum|min|max|avg)\s*\(\s*(distinct\s+)?([^()]*?)\s*\)\Z", re.IGNORECASE)
_ORDER = re.compile(r"(?P<what>.+?)(?P<way>\s+(?:asc|desc))?\Z", re.IGNORECASE | re.DOTALL)


def table_name(doctype: str) -> str:
    if "`" in doctype:
        raise frappe.ValidationError(f"Invalid DocType: {doctype}")
    return doctype if doctype.startswith("__") else f"tab{doctype}"


def split(text: str) -> list[str]:
    """At the commas outside of parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)]


class Fields:
    """Turns the texts into SQL."""

    def __init__(self, doctype: str, permitted: Collection[str] | None = None) -> None:
        """`permitted`: the columns that the user may see; None for all."""
        self.table = f"`{table_name(doctype)}`"
        self.permitted = permitted
        self.aliases: set[str] = set()

    def select(self, fields: Iterable[str]) -> str:
        """The select list without what the user may not see; '' when nothing is left."""
        return ", ".join(sql for field in fields if (sql := self._selected(field.strip())))

    def _selected(self, field: str) -> str | None:
        if field == "*":
            shown = self.permitted
            return f"{self.table}.*" if shown is None else self.select(f for f in shown if f[0] != "_")
        alias = None
        if " " in field and (match := _ALIAS.match(field)):
            field, alias = match["what"], match["alias"]
            self.aliases.add(alias)
        sql = self._expression(field, self.permitted)
        if "(" in field:
            alias = alias or field.replace("`", "")  # qualifying the column must not change the result's name
        return f"{sql} as `{alias}`" if sql and alias else sql

    def _expression(self, text: str, permitted: Collection[str] | None = None) -> str | None:
        """The SQL of a field without alias; None when the user may not see it."""
        text = text.removeprefix(self.table + ".")
        if match := _PLAIN.match(text):
            return f"{self.table}.`{match[1]}`" if permitted is None or match[1] in permitted else None
        match = _CALL.match(text)
        if not match:
            frappe.throw(frappe._("Use of sub-query or function is restricted"), frappe.DataError)
        function, distinct, what = match.groups()
        inner = what if what == "*" else self._expression(what, permitted)
        return inner and f"{function}({distinct or ''}{inner})"

    def order(self, text: str, way: str = "", permitted: Collection[str] | None = None) -> str:
        """ORDER BY or GROUP BY: columns, aliases and calls, each with its direction, else `way`.

        DataError for a column that is not `permitted`.
        """
        parts = [_ORDER.match(part) for part in split(text) if part]
        if not parts:
            frappe.throw(frappe._("Use of sub-query or function is restricted"), frappe.DataError)
        return ", ".join(
            f"{self._ordered(part['what'], permitted)} {part['way'] or way}" for part in parts if part
        )

    def _ordered(self, what: str, permitted: Collection[str] | None) -> str:
        plain = _PLAIN.match(what)
        if plain and plain[1] in self.aliases:
            return f"`{plain[1]}`"
        sql = self._expression(what, permitted)
        if sql is None:
            # the order of rows would tell what stands in it
            message = frappe._("Field not permitted in query") + ": {0}"
            frappe.throw(frappe.messages.fill(message, what), frappe.DataError)
        return sql
