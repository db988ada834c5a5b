"""The select list, GROUP BY and ORDER BY of get_list: what may be written there.

A field is a column, or one of a few functions of a column: `name`, `` `tabBill`.`name` ``, `sum(amount)`,
`count(distinct place)`, each with an optional alias. Nothing else gets into the SQL.
"""

from __future__ import annotations

import re

import frappe

STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
_ALIAS = re.compile(r"(?P<what>.+?)\s+as\s+[`'\"]?(?P<alias>[\w ]+?)[`'\"]?\Z", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"`?(\w+)`?\Z")
_CALL = re.compile(r"(\w+)\s*\(\s*(distinct\s+)?([^()]*?)\s*\)\Z", re.IGNORECASE)
_FUNCTIONS = frozenset({"count", "sum", "min", "max", "avg"})
_ORDER = re.compile(r"(?P<what>.+?)(?P<way>\s+(?:asc|desc))?\Z", re.IGNORECASE | re.DOTALL)


def split(text: str) -> list[str]:
    """At the commas outside of parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)]


class FieldParser:
    """Turns the texts into SQL."""

    def __init__(self, doctype: str, permitted: set[str] | None) -> None:
        """`permitted`: the fields that the user may see; None for all."""
        self.doctype = doctype
        self.meta = frappe.get_meta(doctype)
        self.permitted = permitted
        self.aliases: set[str] = set()

    def select(self, fields: list[str]) -> list[str]:
        """The select list; fields the user may not see are left out."""
        return [sql for field in fields if (sql := self.field(field.strip()))]

    def field(self, field: str) -> str | None:
        if field == "*":
            return self.star()
        alias = None
        if match := _ALIAS.match(field):
            field, alias = match["what"], match["alias"]
            self.aliases.add(alias)
        sql = self.expression(field)
        if sql and not alias and "(" in field:
            alias = field.replace("`", "")  # qualifying the columns must not change the name of the result
        return f"{sql} as `{alias}`" if sql and alias else sql

    def star(self) -> str:
        if self.permitted is None:
            return f"`tab{self.doctype}`.*"
        names = dict.fromkeys((*STANDARD, *self.meta.get_valid_columns()))
        return ", ".join(f"`tab{self.doctype}`.`{f}`" for f in names if f in self.permitted)

    def expression(self, text: str) -> str | None:
        """The SQL of a field without alias; None when the user may not see it."""
        text = text.removeprefix(f"`tab{self.doctype}`.")
        if match := _PLAIN.match(text):
            return self.column(match[1])
        match = _CALL.match(text)
        if not match or match[1].lower() not in _FUNCTIONS:
            frappe.throw(frappe._("Use of sub-query or function is restricted"), frappe.DataError)
        function, distinct, what = match.groups()
        inner = what if what == "*" else self.expression(what)
        return inner and f"{function}({distinct or ''}{inner})"

    def column(self, name: str) -> str | None:
        if self.permitted is not None:
            df = self.meta.get_field(name)
            if name not in self.permitted or (df and df.fieldtype in ("Table", "Table MultiSelect")):
                return None
        return f"`tab{self.doctype}`.`{name}`"

    def order(self, text: str) -> str:
        """ORDER BY or GROUP BY: columns, aliases and calls, each with an optional direction."""
        parts = [_ORDER.match(part) for part in split(text)]
        return ", ".join(self.order_part(part["what"]) + (part["way"] or "") for part in parts if part)

    def order_part(self, what: str) -> str:
        plain = _PLAIN.match(what)
        if plain and (plain[1] in self.aliases or plain[1] not in frappe.db.get_table_columns(self.doctype)):
            return f"`{plain[1]}`"
        permitted, self.permitted = self.permitted, None
        try:
            sql = self.expression(what)
        except frappe.DataError:
            sql = None
        self.permitted = permitted
        if not sql:
            frappe.throw(frappe._("Cannot use {0} in order/group by").format(what))
        return sql
