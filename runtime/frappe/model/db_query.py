"""`frappe.get_list` and `frappe.get_all`: rows of a DocType by filters, with permissions unless told otherwise."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.database.database import DEFAULT_ORDER
from frappe.database.fields import Fields, split
from frappe.database.filters import normalized, quote_field
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.query_filters import condition, fieldtype_of
from frappe.model.query_permissions import match_condition
from frappe.utils.numbers import cint


class DatabaseQuery:
    """One list query. `execute` takes what get_list takes."""

    def __init__(self, doctype: str) -> None:
        self.doctype = doctype
        self.user = frappe.session.user
        self.joins: dict[str, str] = {}
        self.permitted: Any = None  # the columns that the user may see; None for all

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
        limit: Any = None,
        as_list: bool = False,
        distinct: bool = False,
        ignore_permissions: bool = False,
        visible_only: bool = False,
        parent_doctype: str | None = None,
        pluck: str | None = None,
    ) -> Any:
        """Rows as dicts, tuples (`as_list`) or one field's values (`pluck`).

        `visible_only`, for what a client asks: filters and order, too, know only the columns that the user may see.
        """
        if isinstance(fields, dict) or (isinstance(fields, list) and fields and isinstance(fields[0], list)):
            fields, filters = filters, fields  # stock Frappe takes them in either order
        if not ignore_permissions and frappe.get_meta(self.doctype).issingle:
            frappe.throw(frappe._("There is no list of settings"), frappe.DataError)
        fields = split(fields) if isinstance(fields, str) else [f for f in fields or () if f]
        fields = fields or [pluck or "name"]
        if not ignore_permissions:
            self.check_permission(parent_doctype)
        frappe.db.get_table_columns(self.doctype)  # raises what a missing table raises
        query = Fields(self.doctype, None if ignore_permissions else self.permitted_columns(parent_doctype))
        self.permitted = query.permitted if visible_only else None
        selected = query.select(fields)
        if not selected:
            return []
        parts, values = self.conditions(filters)
        any_parts, any_values = self.conditions(or_filters)
        values += any_values
        if not ignore_permissions and (matching := self.build_match_conditions()):
            parts.append(f"({matching.replace('%', '%%') if values else matching})")
        if any_parts:
            parts.append("(" + " or ".join(any_parts) + ")")
        sql = f"select {'distinct ' if distinct else ''}{selected} from {query.table}"
        sql += "".join(f" left join {join}" for join in self.joins.values())
        sql += " where " + " and ".join(parts) if parts else ""
        sql += f" group by {query.order(group_by, permitted=self.permitted)}" if group_by else ""
        if order_by == DEFAULT_ORDER:
            aggregate = len(fields) == 1 and "(" in fields[0]
            sql += "" if distinct or aggregate else f" order by {default_order(self.doctype)}"
        elif order_by:
            sql += f" order by {query.order(order_by, permitted=self.permitted)}"
        if length := cint(limit_page_length or limit):
            sql += f" limit {_within(length)} offset {_within(cint(limit_start))}"
        rows = frappe.db.sql(sql, values, as_dict=bool(pluck) or not as_list)
        return [row[pluck] for row in rows] if pluck else rows

    def build_match_conditions(self) -> str:
        """What of a list's query hides rows from the user; '' when nothing does."""
        return match_condition(self.doctype, self.user)

    def check_permission(self, parent_doctype: str | None) -> None:
        frappe.get_meta(self.doctype)  # an unknown DocType is named in the error
        if not any(self.may(right, parent_doctype) for right in ("select", "read")):
            raise frappe.PermissionError(self.doctype)

    def may(self, right: str, parent_doctype: str | None) -> bool:
        return frappe.has_permission(self.doctype, right, user=self.user, parent_doctype=parent_doctype)

    def permitted_columns(self, parent_doctype: str | None) -> list[str]:
        """Those that the user may see; of a child table without its parent's DocType, none."""
        meta = frappe.get_meta(self.doctype)
        if meta.istable and not parent_doctype:
            return []
        names = meta.get_permitted_fieldnames(
            parenttype=parent_doctype,
            user=self.user,
            permission_type="read" if self.may("read", parent_doctype) else "select",
        )
        allowed = {*names, *default_fields, *(child_table_fields if meta.istable else ())}
        return [*(column for column in meta.get_valid_columns() if column in allowed), *optional_fields]

    def conditions(self, filters: Any) -> tuple[list[str], list]:
        parts, values = [], []
        for doctype, field, operator, value in normalized(self.doctype, filters):
            if doctype != self.doctype:
                frappe.get_meta(doctype)  # an unknown DocType is named in the error
                if doctype not in frappe.get_meta(self.doctype).table_doctypes.values():
                    frappe.throw(
                        frappe.messages.fill(frappe._("Invalid filter: {0}"), doctype), frappe.DataError
                    )
                self.joins[doctype] = _child_join(self.doctype, doctype)
            column = f"`tab{doctype}`.{quote_field(field)}"
            if self.permitted is not None:
                self.check_filtered(doctype, field)
            sql, bound = condition(column, fieldtype_of(doctype, field), operator, value)
            parts.append(sql)
            values += bound
        return parts, values

    def check_filtered(self, doctype: str, field: str) -> None:
        """What the user may not see, and what there is not, is no filter: the rows would tell what stands in it."""
        permitted = self.permitted
        if doctype != self.doctype:
            names = frappe.get_meta(doctype).get_permitted_fieldnames(parenttype=self.doctype, user=self.user)
            permitted = [*names, *default_fields, *child_table_fields, *optional_fields]
        if field not in (permitted or ()):
            message = frappe._("Field not permitted in query") + ": {0}"
            frappe.throw(frappe.messages.fill(message, field), frappe.DataError)


def _within(number: int) -> int:
    """A number of rows that every database can take."""
    return max(0, min(number, 10**9))


def _child_join(doctype: str, child: str) -> str:
    table, parent = f"`tab{child}`", f"`tab{doctype}`"
    parenttype = frappe.db.escape(doctype, percent=False)
    return f"{table} on ({table}.parenttype = {parenttype} and {table}.parent = {parent}.name)"


def default_order(doctype: str) -> str:
    """The DocType's own order, else last changed first."""
    meta = frappe.get_meta(doctype)
    way = (meta.sort_field and meta.sort_order) or "DESC"
    order = f"`tab{doctype}`.`{meta.sort_field or 'modified'}` {way}"
    return f"`tab{doctype}`.docstatus asc, {order}" if meta.is_submittable else order
