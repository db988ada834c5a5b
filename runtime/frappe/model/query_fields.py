"""The select list, GROUP BY and ORDER BY of get_list: what may be written there, and which tables it needs."""

from __future__ import annotations

import re
from typing import Any

import frappe

_ALIAS = re.compile(r"(?P<what>.+?)\s+as\s+[`'\"]?(?P<alias>[\w ]+?)[`'\"]?\s*\Z", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"`?(\w+)`?\Z")
_DOTTED = re.compile(r"(\w+)\.(\w+)\Z")
_QUALIFIED = re.compile(r"`?tab([^`]+?)`?\.`?(\w+|\*)`?\Z")
_WORD = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|`[^`]+`(?:\.`?\w+`?)?|[A-Za-z_]\w*(?:\.\w+)?(?=\s*(\())?|\S", re.DOTALL
)
_CHARACTERS = re.compile(r"[\w\s.,()*+\-/%`'=<>!:]+\Z")
# Words that have no business in a field: statements, and functions that give away or cost too much.
_FORBIDDEN = frozenset(
    [
        "select",
        "create",
        "insert",
        "delete",
        "drop",
        "update",
        "case",
        "show",
        "union",
        "into",
        "exec",
        "load_file",
        "outfile",
        "truncate",
        "alter",
        "grant",
    ]
)
_FORBIDDEN_CALLS = frozenset(
    [
        "concat",
        "concat_ws",
        "if",
        "iif",
        "ifnull",
        "nullif",
        "coalesce",
        "connection_id",
        "current_user",
        "database",
        "last_insert_id",
        "session_user",
        "system_user",
        "user",
        "version",
        "global",
        "sleep",
        "benchmark",
        "get_lock",
        "randomblob",
        "load_extension",
        "printf",
        "hex",
        "zeroblob",
    ]
)
_AGGREGATE = re.compile(r"\s*(?:count|min|max|sum|avg|group_concat)\s*\(", re.IGNORECASE)
_TABLES = ("Table", "Table MultiSelect")
_KEYWORDS = frozenset(
    [
        "distinct",
        "as",
        "and",
        "or",
        "not",
        "is",
        "null",
        "in",
        "like",
        "between",
        "asc",
        "desc",
        "div",
        "mod",
        "true",
        "false",
    ]
)
_ORDER = re.compile(r"(?P<what>.+?)(?P<way>\s+(?:asc|desc))?\Z", re.IGNORECASE | re.DOTALL)


class FieldParser:
    """Turns the texts into SQL and collects the joins they need."""

    def __init__(self, doctype: str, permitted: set[str] | None) -> None:
        self.doctype = doctype
        self.meta = frappe.get_meta(doctype)
        self.permitted = permitted
        self.joins: dict[str, str] = {}
        self.aliases: set[str] = set()

    def select(self, fields: list) -> list[str]:
        """The select list; fields the user may not see are left out."""
        # child and link fields first: whether names must be qualified depends on the joins
        return [sql for field in fields if (sql := self.field(field))]

    def field(self, field: Any) -> str | None:
        if not isinstance(field, str):
            return field.get_sql(quote_char="`", with_alias=True)
        field = field.strip()
        if field == "*":
            return self.star()
        alias = None
        if match := _ALIAS.match(field):
            field, alias = match.group("what").strip(), match.group("alias")
            self.aliases.add(alias)
        sql = self.expression(field)
        if sql is None:
            return None
        if not alias and "(" in field and "`" not in field and sql != field:
            alias = field  # qualifying the columns must not change the name of the result
        return f"{sql} as `{alias}`" if alias else sql

    def star(self) -> str:
        if self.permitted is None:
            return f"`tab{self.doctype}`.*"
        standard = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
        names = [f for f in (*standard, *self.meta.get_valid_columns()) if f in self.permitted]
        return ", ".join(f"`tab{self.doctype}`.`{f}`" for f in dict.fromkeys(names))

    def expression(self, text: str) -> str | None:
        if match := _PLAIN.match(text):
            return self.column(match.group(1)) if not text.isdigit() else text
        if match := _QUALIFIED.match(text):
            return self.qualified(match.group(1), match.group(2))
        if match := _DOTTED.match(text):
            return self.linked(match.group(1), match.group(2))
        self.check(text)
        if text.lower().startswith("distinct "):
            inner = self.expression(text[9:].strip())
            return inner and f"distinct {inner}"
        return self.calculated(text)

    def column(self, name: str) -> str | None:
        if self.permitted is not None:
            df = self.meta.get_field(name)
            if name not in self.permitted or (df and df.fieldtype in _TABLES):
                return None
        return f"`tab{self.doctype}`.`{name}`"

    def qualified(self, doctype: str, name: str) -> str | None:
        if doctype == self.doctype:
            return f"`tab{doctype}`.*" if name == "*" and self.permitted is None else self.column(name)
        if not self.may_see_row(doctype, name):
            return None
        if doctype not in self.joins:
            self.join_child(doctype)
        return f"`tab{doctype}`.{name}" if name == "*" else f"`tab{doctype}`.`{name}`"

    def linked(self, fieldname: str, name: str) -> str | None:
        df = self.meta.get_field(fieldname)
        if df and df.fieldtype in _TABLES:
            if not self.allowed(fieldname) or not self.may_see_row(df.options, name):
                return None
            self.join_child(df.options)
            return f"`tab{df.options}`.`{name}`"
        if df and df.fieldtype == "Link":
            if not self.allowed(fieldname) or not self.may_see_linked(df.options, name):
                return None
            return f"`{self.join_link(df.options, fieldname)}`.`{name}`"
        if fieldname.startswith("tab"):
            return f"`{fieldname}`.`{name}`"
        return None if self.permitted is not None else f"`{fieldname}`.`{name}`"

    def allowed(self, fieldname: str) -> bool:
        return self.permitted is None or fieldname in self.permitted

    def may_see_row(self, doctype: str, name: str) -> bool:
        """Whether the user may see this field in rows of a child table of the DocType."""
        if self.permitted is None:
            return True
        tables = [f.fieldname for f in self.meta.get_table_fields() if f.options == doctype]
        if not any(self.allowed(fieldname) for fieldname in tables):
            return False
        child = frappe.get_meta(doctype)
        return not child.has_field(name) or name in child.get_permitted_fieldnames(parenttype=self.doctype)

    def may_see_linked(self, doctype: str, name: str) -> bool:
        if self.permitted is None:
            return True
        if not frappe.has_permission(doctype, "read") and not frappe.has_permission(doctype, "select"):
            return False
        meta = frappe.get_meta(doctype)
        df = meta.get_field(name)
        return not (df and df.permlevel) or name in meta.get_permitted_fieldnames()

    def join_child(self, doctype: str) -> None:
        table, parent = f"`tab{doctype}`", f"`tab{self.doctype}`"
        self.joins[doctype] = (
            f"{table} on ({table}.parenttype = {frappe.db.escape(self.doctype)} and {table}.parent = {parent}.name)"
        )

    def join_link(self, doctype: str, fieldname: str) -> str:
        key = f"{doctype}:{fieldname}"
        alias = f"tab{doctype}_{list(self.joins).index(key) if key in self.joins else len(self.joins)}"
        self.joins[key] = (
            f"`tab{doctype}` `{alias}` on (`{alias}`.`name` = `tab{self.doctype}`.`{fieldname}`)"
        )
        return alias

    def check(self, text: str) -> None:
        """Refuse what could be more than an expression over columns."""
        if not _CHARACTERS.match(text) or "--" in text or re.search(r",(?![^(]*\))", text):
            frappe.throw(frappe._("Use of sub-query or function is restricted"), frappe.DataError)
        for match in _WORD.finditer(text):
            word = match.group().lower()
            if word in _FORBIDDEN:
                frappe.throw(frappe._("Use of sub-query or function is restricted"), frappe.DataError)
            if match.group(1) and word in _FORBIDDEN_CALLS:
                frappe.throw(
                    frappe._("Use of function {0} in field is restricted").format(word), frappe.DataError
                )

    def calculated(self, text: str) -> str | None:
        """Qualify the columns inside; None when one of them may not be seen."""
        out, last = [], 0
        for match in _WORD.finditer(text):
            word = match.group()
            if (
                match.group(1)
                or word[0] == "'"
                or not (word[0] == "`" or word[0].isalpha() or word[0] == "_")
            ):
                continue
            if word.lower() in _KEYWORDS or word in self.aliases:
                continue
            sql = self.expression(word)
            if sql is None:
                return None
            out.append(text[last : match.start()] + sql)
            last = match.end()
        return "".join(out) + text[last:]

    def order(self, text: str) -> str:
        """ORDER BY or GROUP BY: columns, aliases and calls, each with an optional direction."""
        if ";" in text:
            frappe.throw(frappe._("Illegal SQL Query"))
        parts = []
        for part in re.split(r",(?![^(]*\))", text):
            match = _ORDER.match(part.strip())
            if not match:
                continue
            what, way = match.group("what"), match.group("way") or ""
            parts.append(self.order_part(what) + way)
        return ", ".join(parts)

    def order_part(self, what: str) -> str:
        plain = _PLAIN.match(what)
        if plain and (plain.group(1) in self.aliases or not self.is_column(plain.group(1))):
            return f"`{plain.group(1)}`" if not what.isdigit() else what
        if not _CHARACTERS.match(what) or re.search(
            r"\bselect\b|\bsleep\b|\blimit\b|--", what, re.IGNORECASE
        ):
            frappe.throw(frappe._("Cannot use {0} in order/group by").format(what))
        permitted, self.permitted = self.permitted, None
        try:
            return self.expression(what) or what
        finally:
            self.permitted = permitted

    def is_column(self, name: str) -> bool:
        return name in frappe.db.get_db_table_columns(f"tab{self.doctype}")


def is_aggregate(field: Any) -> bool:
    return isinstance(field, str) and bool(_AGGREGATE.match(field))
