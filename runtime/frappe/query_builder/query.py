"""`frappe.qb.get_query`: fields and filters as get_value takes them, given back as a query to go on with."""

from __future__ import annotations

import re
from typing import Any

from pypika import Criterion, Order, Table
from pypika.terms import Field, LiteralValue, Star, Term

import frappe
from frappe.database.filters import in_values, normalize, span
from frappe.query_builder.builder import Builder, DocType

_ALIAS = re.compile(r"(.+?)\s+as\s+`?(\w+)`?\Z", re.IGNORECASE)
_CALL = re.compile(r"(\w+)\((distinct\s+)?(.*)\)\Z", re.IGNORECASE | re.DOTALL)
_PATH = re.compile(r"\w+(?:\.\w+)?\Z")
_FUNCTIONS = frozenset(
    {"count", "sum", "max", "min", "avg", "abs", "date", "ifnull", "coalesce", "timestamp"}
)


def get_query(
    table: Any,
    *,
    fields: Any = None,
    filters: Any = None,
    order_by: str | None = None,
    group_by: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    distinct: bool = False,
    for_update: bool = False,
    update: bool = False,
    into: bool = False,
    delete: bool = False,
    skip_locked: bool = False,
    wait: bool = True,
    **_kwargs: Any,
) -> Any:
    """A query on one DocType; `child_table_field.field` and `link_field.field` join what they point to."""
    return _Assembly(table, update, into, delete).query(
        fields, filters, order_by, group_by, limit, offset, distinct, for_update, skip_locked, wait
    )


class _Assembly:
    def __init__(self, table: Any, update: bool, into: bool, delete: bool) -> None:
        self.table = table if isinstance(table, Table) else DocType(table)
        self.doctype = self.table._table_name.removeprefix("tab")
        self.reads = not (update or into or delete)
        start = Builder.update if update else Builder.into if into else Builder.from_
        self.builder = start(self.table)
        self.joined: dict[str, Table] = {}
        if delete:
            self.builder = self.builder.delete()

    def query(
        self, fields, filters, order_by, group_by, limit, offset, distinct, for_update, skip_locked, wait
    ):
        builder_fields = [self.select(f) for f in _listed(fields or "name")] if self.reads else []
        for field, operator, value in normalize(filters):
            condition = self.condition(field, operator, value)  # may add a join to the builder
            self.builder = self.builder.where(condition)
        builder = self.builder
        if self.reads:
            builder = builder.select(*builder_fields)
        for part in _listed(group_by or ()):
            builder = builder.groupby(self.column(part))
        for part in _listed(order_by or ()):
            name, _, direction = part.partition(" ")
            order = Order.asc if direction.strip().lower() == "asc" else Order.desc
            builder = builder.orderby(self.column(name.strip("`")), order=order)
        if limit:
            builder = builder.limit(limit)
        if offset:
            builder = builder.offset(offset)
        if distinct:
            builder = builder.distinct()
        if for_update:
            builder = builder.for_update(nowait=not wait, skip_locked=skip_locked)
        return builder

    def select(self, field: Any) -> Any:
        if isinstance(field, Term):
            return field
        if field == "*":
            return Star(self.table) if self.joined else Star()
        alias = None
        if match := _ALIAS.match(field.strip()):
            field, alias = match.groups()
        term = self.call(field) if "(" in field else self.column(field.strip())
        return term.as_(alias) if alias else term

    def call(self, text: str) -> Term:
        match = _CALL.match(text.strip())
        if not match or match.group(1).lower() not in _FUNCTIONS or re.search(r"[;()]", match.group(3)):
            raise frappe.ValidationError(frappe._("Invalid field: {0}").format(text))
        name, distinct, argument = match.groups()
        inner = argument if argument == "*" else ", ".join(self.argument(a) for a in argument.split(","))
        return LiteralValue(f"{name.upper()}({'DISTINCT ' if distinct else ''}{inner})")

    def argument(self, text: str) -> str:
        text = text.strip().strip("`")
        if _PATH.match(text) and not text.isdigit():
            return self.column(text).get_sql(quote_char="`", with_namespace=bool(self.joined))
        return text if text.isdigit() else frappe.db.escape(text.strip("'\""), percent=False)

    def column(self, name: Any) -> Field:
        if isinstance(name, Field):
            return name
        name = name.strip("` ")
        if not _PATH.match(name):
            raise frappe.ValidationError(frappe._("Invalid filter: {0}").format(name))
        if "." not in name:
            return self.table[name]
        link, field = name.split(".")
        return self.join(link)[field]

    def join(self, fieldname: str) -> Table:
        if fieldname in self.joined:
            return self.joined[fieldname]
        df = frappe.get_meta(self.doctype).get_field(fieldname)
        if not df or df.fieldtype not in ("Link", "Table", "Table MultiSelect"):
            raise frappe.ValidationError(frappe._("Invalid filter: {0}").format(fieldname))
        other = DocType(df.options)
        if df.fieldtype == "Link":
            on = other.name == self.table[fieldname]
        else:
            on = (other.parent == self.table.name) & (other.parenttype == self.doctype)
        self.builder = self.builder.left_join(other).on(on)
        self.joined[fieldname] = other
        return other

    def condition(self, field: Any, operator: str, value: Any) -> Criterion:
        column = self.column(field)
        operator = operator.lower().strip()
        if operator == "is":
            return column.isnotnull() if value == "set" else column.isnull()
        if operator in ("between", "timespan"):
            start, end = span(value) if operator == "timespan" else value
            return column.between(start, end)
        if operator in ("in", "not in"):
            values = value if hasattr(value, "get_sql") else in_values(value)
            return column.isin(values) if operator == "in" else column.notin(values)
        if value is None and operator in ("=", "!="):
            return column.isnull()
        comparisons = {
            "=": column.eq, "!=": column.ne, "<>": column.ne, ">": column.gt, ">=": column.gte, "<": column.lt,
            "<=": column.lte, "like": column.like, "not like": column.not_like, "regex": column.regex,
        }  # fmt: skip
        return comparisons[operator](value)


def _listed(value: Any) -> list:
    if isinstance(value, str):
        return [part.strip() for part in re.split(r",(?![^(]*\))", value) if part.strip()]
    return list(value) if isinstance(value, (list, tuple, set)) else [value]
