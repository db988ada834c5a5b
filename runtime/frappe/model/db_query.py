"""`frappe.get_list` and `frappe.get_all`: rows of a DocType by filters, with permissions unless told otherwise."""

from __future__ import annotations

import json
import re
from typing import Any

import frappe
from frappe.database.reading import DEFAULT_ORDER
from frappe.model.query_fields import FieldParser, is_aggregate
from frappe.model.query_filters import condition, fieldtype_of, normalize
from frappe.model.query_permissions import match_condition
from frappe.utils.numbers import cint

_STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
_CHILD = ("parent", "parenttype", "parentfield")


class DatabaseQuery:
    """One list query. `execute` takes what get_list takes."""

    def __init__(self, doctype: str, user: str | None = None) -> None:
        self.doctype = doctype
        self.user = user or frappe.session.user

    def execute(
        self,
        fields: Any = None,
        filters: Any = None,
        or_filters: Any = None,
        docstatus: Any = None,
        group_by: str | None = None,
        order_by: str | None = DEFAULT_ORDER,
        limit_start: Any = False,
        limit_page_length: Any = None,
        as_list: bool = False,
        with_childnames: bool = False,
        debug: bool = False,
        ignore_permissions: bool = False,
        user: str | None = None,
        with_comment_count: bool = False,
        join: str = "left join",
        distinct: bool = False,
        start: Any = None,
        page_length: Any = None,
        limit: Any = None,
        ignore_ifnull: bool = False,
        save_user_settings: bool = False,
        save_user_settings_fields: bool = False,
        update: dict | None = None,
        add_total_row: Any = None,
        user_settings: Any = None,
        reference_doctype: str | None = None,
        run: bool = True,
        strict: bool = True,
        pluck: str | None = None,
        ignore_ddl: bool = False,
        *,
        parent_doctype: str | None = None,
    ) -> Any:
        """Rows as dicts, tuples (`as_list`) or one field's values (`pluck`)."""
        self.user = user or self.user
        self.join = join if join in ("left join", "inner join") else "left join"
        self.nulls = not ignore_ifnull
        fields, filters = self.arguments(fields, filters, pluck)
        if not ignore_permissions:
            self.check_permission(parent_doctype)
        if not frappe.db.column_types(f"tab{self.doctype}"):
            frappe.db.get_table_columns(self.doctype)  # raises what a missing table raises
        permitted = None if ignore_permissions else self.permitted_fields(parent_doctype)
        parser = FieldParser(self.doctype, permitted)
        selected = parser.select(fields)
        if not selected:
            return []
        where, values = self.where(parser, filters, or_filters, docstatus, ignore_permissions)
        grouping = f" group by {parser.order(group_by)}" if group_by else ""
        ordering = self.ordering(parser, order_by, fields, distinct)
        joins = "".join(f" {self.join} {text}" for text in parser.joins.values())
        # what is written as text must keep its % when values are bound
        head = (
            f"select {'distinct ' if distinct else ''}{', '.join(selected)} from `tab{self.doctype}`{joins}"
        ).replace("%", "%%")
        tail = (grouping + ordering).replace("%", "%%")
        window = _limit(limit_start or start, limit_page_length, page_length, limit)
        sql = f"{head}{where}{tail}{window}"
        if not values:
            sql = sql.replace("%%", "%")
        if not run:
            return frappe.db.mogrify(sql, values)
        return self.rows(sql, values, as_list, debug, update, pluck)

    def rows(
        self, sql: str, values: list, as_list: bool, debug: bool, update: dict | None, pluck: str | None
    ) -> Any:
        if pluck:
            rows = frappe.db.sql(sql, values, as_dict=True, debug=debug)
            return [row[pluck] for row in rows]
        return frappe.db.sql(sql, values, as_dict=not as_list, debug=debug, update=update)

    def arguments(self, fields: Any, filters: Any, pluck: str | None) -> tuple[list, Any]:
        """Fields and filters may come swapped, as JSON, or as one text."""
        fields, filters = _parsed(fields), _parsed(filters)
        if (
            isinstance(fields, dict)
            or (isinstance(fields, list) and fields and isinstance(fields[0], list))
            or (fields and isinstance(filters, list) and len(filters) > 1 and isinstance(filters[0], str))
        ):
            fields, filters = filters, fields
        if isinstance(fields, str):
            fields = [f.strip() for f in re.split(r",(?![^(]*\))", fields)] if fields != "*" else ["*"]
        fields = [f for f in fields or () if f] or [pluck or "name"]
        return fields, filters

    def check_permission(self, parent_doctype: str | None) -> None:
        frappe.get_meta(self.doctype)  # an unknown DocType is named in the error
        for right in ("select", "read"):
            if frappe.has_permission(self.doctype, right, user=self.user, parent_doctype=parent_doctype):
                return
        frappe.flags.error_message = frappe._("Insufficient Permission for {0}").format(
            frappe.bold(self.doctype)
        )
        raise frappe.PermissionError(self.doctype)

    def permitted_fields(self, parent_doctype: str | None) -> set[str]:
        meta = frappe.get_meta(self.doctype)
        if meta.istable and not parent_doctype:
            return set()
        right = "read" if frappe.has_permission(
            self.doctype, "read", user=self.user, parent_doctype=parent_doctype
        ) else "select"  # fmt: skip
        names = meta.get_permitted_fieldnames(
            parenttype=parent_doctype, user=self.user, permission_type=right, with_virtual_fields=False
        )
        return {*names, *_STANDARD, *frappe.db.OPTIONAL_COLUMNS, *(_CHILD if meta.istable else ())}

    def where(
        self, parser: FieldParser, filters: Any, or_filters: Any, docstatus: Any, ignore_permissions: bool
    ) -> tuple[str, list]:
        parts, values = self.conditions(parser, filters)
        if docstatus is not None and docstatus != []:
            wanted = docstatus if isinstance(docstatus, (list, tuple)) else [docstatus]
            parts.append(f"`tab{self.doctype}`.`docstatus` in %s")
            values.append([cint(d) for d in wanted])
        if not ignore_permissions and not parser.meta.istable:
            matching = match_condition(self.doctype, self.user)
            if matching:
                parts.append(f"({matching})".replace("%", "%%"))
        any_parts, any_values = self.conditions(parser, _parsed(or_filters))
        if any_parts:
            parts.append("(" + " or ".join(any_parts) + ")")
            values += any_values
        return (" where " + " and ".join(parts) if parts else ""), values

    def conditions(self, parser: FieldParser, filters: Any) -> tuple[list[str], list]:
        parts, values = [], []
        for doctype, field, operator, value in normalize(self.doctype, filters):
            if doctype != self.doctype and doctype not in parser.joins:
                frappe.get_meta(doctype)  # an unknown DocType is named in the error
                parser.join_child(doctype)
            if "`" in field:
                raise frappe.ValidationError(frappe._("Invalid filter: {0}").format(field))
            sql, bound = condition(
                f"`tab{doctype}`.`{field}`", fieldtype_of(doctype, field), operator, value, self.nulls
            )
            parts.append(sql)
            values.extend(bound)
        return parts, values

    def ordering(self, parser: FieldParser, order_by: str | None, fields: list, distinct: bool) -> str:
        if order_by and order_by != DEFAULT_ORDER:
            return " order by " + parser.order(order_by)
        if not order_by or distinct or (len(fields) == 1 and is_aggregate(fields[0])):
            return ""
        return " order by " + default_order(self.doctype)


def default_order(doctype: str) -> str:
    """The DocType's own order, else last changed first."""
    meta = frappe.get_meta(doctype)
    field, way = "modified", "DESC"
    if meta.sort_field and "," in meta.sort_field:
        parts = [p.split() for p in meta.sort_field.split(",")]
        return ", ".join(f"`tab{doctype}`.`{p[0]}` {p[1] if len(p) > 1 else way}" for p in parts)
    if meta.sort_field:
        field, way = meta.sort_field, meta.sort_order or way
    order = f"`tab{doctype}`.`{field}` {way}"
    return f"`tab{doctype}`.docstatus asc, {order}" if meta.is_submittable else order


def _parsed(value: Any) -> Any:
    """JSON texts of lists and objects are read; other texts stay."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def _limit(start: Any, limit_page_length: Any, page_length: Any, limit: Any) -> str:
    length = cint(limit_page_length or page_length or limit)
    if not length:
        return ""
    return f" limit {length} offset {cint(start)}"
