"""`frappe.get_list` and `frappe.get_all`: rows of a DocType by filters, with permissions unless told otherwise."""

from __future__ import annotations

import json
import re
from typing import Any

import frappe
from frappe.database.filters import normalized
from frappe.database.reading import DEFAULT_ORDER
from frappe.model.query_fields import STANDARD, FieldParser, split
from frappe.model.query_filters import condition, fieldtype_of
from frappe.model.query_permissions import match_condition
from frappe.utils.numbers import cint

_CHILD = ("parent", "parenttype", "parentfield")
_AGGREGATE = re.compile(r"\s*(?:count|min|max|sum|avg)\s*\(", re.IGNORECASE)


class DatabaseQuery:
    """One list query. `execute` takes what get_list takes."""

    def __init__(self, doctype: str) -> None:
        self.doctype = doctype
        self.user = frappe.session.user
        self.joins: dict[str, str] = {}

    def execute(
        self,
        fields: Any = None,
        filters: Any = None,
        *,
        or_filters: Any = None,
        group_by: str | None = None,
        order_by: str | None = DEFAULT_ORDER,
        limit_start: Any = None,
        limit_page_length: Any = None,
        start: Any = None,
        limit: Any = None,
        as_list: bool = False,
        distinct: bool = False,
        ignore_permissions: bool = False,
        parent_doctype: str | None = None,
        pluck: str | None = None,
    ) -> Any:
        """Rows as dicts, tuples (`as_list`) or one field's values (`pluck`)."""
        fields, filters = _arguments(fields, filters, pluck)
        if not ignore_permissions:
            self.check_permission(parent_doctype)
        if not frappe.db.column_types(f"tab{self.doctype}"):
            frappe.db.get_table_columns(self.doctype)  # raises what a missing table raises
        parser = FieldParser(
            self.doctype, None if ignore_permissions else self.permitted_fields(parent_doctype)
        )
        selected = parser.select(fields)
        if not selected:
            return []
        parts, values = self.conditions(filters)
        if (
            not ignore_permissions
            and not parser.meta.istable
            and (matching := match_condition(self.doctype, self.user))
        ):
            parts.append(f"({matching})".replace("%", "%%"))
        any_parts, any_values = self.conditions(_parsed(or_filters))
        if any_parts:
            parts.append("(" + " or ".join(any_parts) + ")")
        tail = f" group by {parser.order(group_by)}" if group_by else ""
        tail += self.ordering(parser, order_by, fields, distinct)
        head = f"select {'distinct ' if distinct else ''}{', '.join(selected)} from `tab{self.doctype}`"
        joins = "".join(f" left join {join}" for join in self.joins.values())
        where = " where " + " and ".join(parts) if parts else ""
        # what is written as text must keep its % when values are bound
        sql = (head + joins).replace("%", "%%") + where + tail.replace("%", "%%")
        if length := cint(limit_page_length or limit):
            sql += f" limit {length} offset {cint(limit_start or start)}"
        values += any_values
        if not values:
            sql = sql.replace("%%", "%")
        rows = frappe.db.sql(sql, values, as_dict=bool(pluck) or not as_list)
        return [row[pluck] for row in rows] if pluck else rows

    def check_permission(self, parent_doctype: str | None) -> None:
        frappe.get_meta(self.doctype)  # an unknown DocType is named in the error
        if not any(self.may(right, parent_doctype) for right in ("select", "read")):
            frappe.flags.error_message = frappe._("Insufficient Permission for {0}").format(
                frappe.bold(self.doctype)
            )
            raise frappe.PermissionError(self.doctype)

    def may(self, right: str, parent_doctype: str | None) -> bool:
        return frappe.has_permission(self.doctype, right, user=self.user, parent_doctype=parent_doctype)

    def permitted_fields(self, parent_doctype: str | None) -> set[str]:
        meta = frappe.get_meta(self.doctype)
        if meta.istable and not parent_doctype:
            return set()
        names = meta.get_permitted_fieldnames(
            parenttype=parent_doctype,
            user=self.user,
            permission_type="read" if self.may("read", parent_doctype) else "select",
            with_virtual_fields=False,
        )
        return {*names, *STANDARD, *frappe.db.OPTIONAL_COLUMNS, *(_CHILD if meta.istable else ())}

    def conditions(self, filters: Any) -> tuple[list[str], list]:
        parts, values = [], []
        for doctype, field, operator, value in normalized(self.doctype, filters):
            if doctype != self.doctype:
                frappe.get_meta(doctype)  # an unknown DocType is named in the error
                self.joins[doctype] = _child_join(self.doctype, doctype)
            if "`" in field:
                raise frappe.ValidationError(frappe._("Invalid filter: {0}").format(field))
            sql, bound = condition(f"`tab{doctype}`.`{field}`", fieldtype_of(doctype, field), operator, value)
            parts.append(sql)
            values += bound
        return parts, values

    def ordering(self, parser: FieldParser, order_by: str | None, fields: list, distinct: bool) -> str:
        if order_by and order_by != DEFAULT_ORDER:
            return " order by " + parser.order(order_by)
        if not order_by or distinct or (len(fields) == 1 and _AGGREGATE.match(fields[0])):
            return ""
        return " order by " + default_order(self.doctype)


def _child_join(doctype: str, child: str) -> str:
    table, parent = f"`tab{child}`", f"`tab{doctype}`"
    parenttype = frappe.db.escape(doctype, percent=False)
    return f"{table} on ({table}.parenttype = {parenttype} and {table}.parent = {parent}.name)"


def default_order(doctype: str) -> str:
    """The DocType's own order, else last changed first."""
    meta = frappe.get_meta(doctype)
    order = (
        f"`tab{doctype}`.`{meta.sort_field or 'modified'}` {(meta.sort_field and meta.sort_order) or 'DESC'}"
    )
    return f"`tab{doctype}`.docstatus asc, {order}" if meta.is_submittable else order


def _arguments(fields: Any, filters: Any, pluck: str | None) -> tuple[list, Any]:
    """Fields and filters may come swapped, as JSON, or as one text."""
    fields, filters = _parsed(fields), _parsed(filters)
    if isinstance(fields, dict) or (isinstance(fields, list) and fields and isinstance(fields[0], list)):
        fields, filters = filters, fields
    if isinstance(fields, str):
        fields = split(fields)
    return [f for f in fields or () if f] or [pluck or "name"], filters


def _parsed(value: Any) -> Any:
    """JSON texts of lists and objects are read; other texts stay."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return list(value) if isinstance(value, tuple) else value
