"""Reading values without documents and without permissions: get_value, exists, count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import frappe
from frappe.database.filters import where
from frappe.database.singles import Singles

DEFAULT_ORDER = "KEEP_DEFAULT_ORDERING"
_PLAIN = re.compile(r"\w+\Z")
_EXPRESSION = re.compile(r"(?!.*\b(?:select|sleep)\b)[\w\s.`*(),']+\Z", re.IGNORECASE)
_ORDER_PART = re.compile(r"(?:`?tab[\w ]+`?\.)?`?(\w+)`?(?:\s+(asc|desc))?\Z", re.IGNORECASE)


class Reading(Singles):
    """Everything is one SELECT on one table; singles come from tabSingles."""

    def get_value(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        *,
        as_dict: bool = False,
        **options: Any,
    ) -> Any:
        """The value of one field, a tuple (or dict) of several, None when no row matches.

        `options` are those of get_values.
        """
        rows = self.get_values(doctype, filters, fieldname, as_dict=as_dict, limit=1, **options)
        if not rows:
            return None
        return rows[0] if as_dict or len(rows[0]) > 1 else rows[0][0]

    def get_values(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        *,
        as_dict: bool = False,
        order_by: str | None = DEFAULT_ORDER,
        for_update: bool = False,
        limit: int | None = None,
    ) -> Any:
        """Rows of a DocType. `filters`: a name, names, a dict or a list of conditions; None finds nothing.

        `for_update` locks what it finds (on SQLite: takes the write lock) before reading.
        """
        if (filters is None or filters == doctype) and self.is_single(doctype):
            return self.get_from_single(doctype, fieldname, as_dict, for_update)
        if filters is None:
            return ()
        condition, values = where(filters)
        sql = f"SELECT {_fields(fieldname)} FROM `{table_name(doctype)}`{condition}"
        sql += _order(order_by, by_conditions=isinstance(filters, (list, tuple)))
        sql += f" LIMIT {int(limit)}" if limit else ""
        try:
            return self.sql(f"{sql} FOR UPDATE" if for_update else sql, values, as_dict=as_dict)
        except Exception as e:
            # a DocType without a table yet (installation under way) has no values
            if self.is_table_missing(e) and not isinstance(filters, (list, tuple)):
                return ()
            raise

    def exists(self, dt: Any, dn: Any = None) -> str | None:
        """The name of a matching document, else None."""
        if isinstance(dt, dict):
            dn = {k: v for k, v in dt.items() if k != "doctype"}
            dt = dt["doctype"]
        if dt == dn:
            return dn
        if not dn and not isinstance(dn, dict):
            return None
        return self.get_value(dt, dn, "name", order_by=None)

    def count(self, dt: str, filters: Any = None) -> int:
        """How many documents match."""
        condition, values = where(filters)
        return self.sql(f"SELECT COUNT(*) FROM `{table_name(dt)}`{condition}", values)[0][0]

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        return frappe.get_list(*args, **kwargs)

    def get_all(self, *args: Any, **kwargs: Any) -> Any:
        return frappe.get_all(*args, **kwargs)


def table_name(doctype: str) -> str:
    if "`" in doctype:
        raise frappe.ValidationError(f"Invalid DocType: {doctype}")
    return doctype if doctype.startswith("__") else f"tab{doctype}"


def _fields(fieldname: str | Sequence[str]) -> str:
    """The select list for '*', a name, `name as alias`, an aggregate, or several of these."""
    if isinstance(fieldname, str):
        fieldname = [fieldname] if "(" in fieldname else [f.strip() for f in fieldname.split(",")]
    return ", ".join(f"`{f}`" if _PLAIN.match(f) else _expression(f) for f in fieldname)


def _expression(field: str) -> str:
    if not _EXPRESSION.match(field):
        raise frappe.ValidationError(frappe._("Invalid field: {0}").format(field))
    return field


def _order(order_by: str | None, by_conditions: bool) -> str:
    """Without a direction these queries sort downwards, as stock Frappe's do (get_list sorts upwards)."""
    if order_by == DEFAULT_ORDER:
        return "" if by_conditions else " ORDER BY `modified` DESC"
    if not order_by:
        return ""
    parts = []
    for part in order_by.split(","):
        match = _ORDER_PART.match(part.strip())
        if not match:
            raise frappe.ValidationError(frappe._("Invalid order by: {0}").format(order_by))
        parts.append(f"`{match[1]}` {match[2] or 'desc'}")
    return " ORDER BY " + ", ".join(parts)
