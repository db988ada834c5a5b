"""Reading values without documents and without permissions: get_value, exists, count, single values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import frappe
from frappe.database.filters import Where, where
from frappe.types.frappedict import _dict

DEFAULT_ORDER = "KEEP_DEFAULT_ORDERING"
_PLAIN = re.compile(r"\w+\Z")
_ALIASED = re.compile(r"`?(\w+)`?\s+(?:as\s+)?`?(\w+)`?\Z", re.IGNORECASE)
_ORDER_PART = re.compile(r"(?:`?tab[\w ]+`?\.)?`?(\w+)`?(?:\s+(asc|desc))?\Z", re.IGNORECASE)
_UNSAFE = re.compile(r";|--|/\*|\bselect\b|\bunion\b|\bsleep\b", re.IGNORECASE)


class ReadMixin:
    """Everything is one SELECT on one table; singles come from tabSingles."""

    def get_value(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        ignore: bool | None = None,
        as_dict: bool = False,
        debug: bool = False,
        order_by: str | None = DEFAULT_ORDER,
        cache: bool = False,
        for_update: bool = False,
        *,
        run: bool = True,
        pluck: bool = False,
        distinct: bool = False,
        skip_locked: bool = False,
        wait: bool = True,
    ) -> Any:
        """The value of one field, a tuple (or dict) of several, None when no row matches."""
        rows = self.get_values(
            doctype,
            filters,
            fieldname,
            ignore,
            as_dict,
            debug,
            order_by,
            cache=cache,
            for_update=for_update,
            run=run,
            pluck=pluck,
            distinct=distinct,
            limit=1,
            skip_locked=skip_locked,
            wait=wait,
        )
        if not run:
            return rows
        if not rows:
            return None
        row = rows[0]
        if pluck or as_dict or len(row) > 1:
            return row
        return row[0]

    def get_values(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        ignore: bool | None = None,
        as_dict: bool = False,
        debug: bool = False,
        order_by: str | None = DEFAULT_ORDER,
        update: dict | None = None,
        cache: bool = False,
        for_update: bool = False,
        *,
        run: bool = True,
        pluck: bool = False,
        distinct: bool = False,
        limit: int | None = None,
        skip_locked: bool = False,
        wait: bool = True,
    ) -> Any:
        """Rows of a DocType. `filters`: a name, names, a dict or a list of conditions; None finds nothing.

        `for_update` takes the write lock before reading.
        """
        key = (doctype, repr(filters), repr(fieldname), as_dict, order_by, pluck, distinct, limit)
        if cache and key in self.value_cache:  # type: ignore[attr-defined]
            return self.value_cache[key]  # type: ignore[attr-defined]
        if distinct:
            order_by = None
        single = (filters is None or filters == doctype) and self._is_single(doctype)  # type: ignore[attr-defined]
        try:
            if single:
                out = self._get_from_single(  # type: ignore[attr-defined]
                    doctype, fieldname, as_dict, update, pluck, for_update
                )
            elif filters is None:
                return ()
            else:
                out = self._select(
                    doctype, filters, fieldname, as_dict, debug, order_by, update, for_update, run, pluck,
                    distinct, limit, wait,
                )  # fmt: skip
        except Exception as e:
            if ignore and (frappe.db.is_missing_column(e) or frappe.db.is_table_missing(e)):
                return ()
            # a DocType without a table yet (installation under way) has no values
            if frappe.db.is_table_missing(e) and not isinstance(filters, (list, tuple)):
                return ()
            raise
        if cache and run:
            self.value_cache[key] = out  # type: ignore[attr-defined]
        return out

    def _select(
        self, doctype, filters, fieldname, as_dict, debug, order_by, update, for_update, run, pluck, distinct,
        limit, wait,
    ):  # fmt: skip
        condition = where(filters)
        order = self._order(order_by, by_conditions=isinstance(filters, (list, tuple)))
        sql = (
            f"SELECT {'DISTINCT ' if distinct else ''}{select_fields(fieldname)} FROM `{table_name(doctype)}`"
            f"{condition.clause}{order}"
        )
        if limit:
            sql += f" LIMIT {int(limit)}"
        if for_update:
            sql += " FOR UPDATE" + ("" if wait else " NOWAIT")
        return self.sql(  # type: ignore[attr-defined]
            sql, condition.values, as_dict=as_dict, debug=debug, update=update, run=run, pluck=pluck
        )

    def _order(self, order_by: str | None, by_conditions: bool) -> str:
        if order_by == DEFAULT_ORDER:
            return "" if by_conditions else " ORDER BY `modified` DESC"
        if not order_by:
            return ""
        # without a direction these queries sort downwards, as stock Frappe's do (get_list sorts upwards)
        parts = []
        for part in str(order_by).split(","):
            match = _ORDER_PART.match(part.strip())
            if not match:
                raise frappe.ValidationError(frappe._("Invalid order by: {0}").format(order_by))
            parts.append(f"`{match.group(1)}` {(match.group(2) or 'desc').upper()}")
        return " ORDER BY " + ",".join(parts)

    def exists(self, dt: Any, dn: Any = None, cache: bool = False) -> str | None:
        """The name of a matching document, else None."""
        if isinstance(dt, dict):
            dt = dict(dt)
            dn = {k: v for k, v in dt.items() if k != "doctype"}
            dt = dt["doctype"]
        if dt == dn:
            return dn
        if dn is None or (isinstance(dn, str) and not dn):
            return None
        if isinstance(dn, (list, tuple)) and not dn:
            return None
        return self.get_value(dt, dn, "name", order_by=None, cache=cache)

    def count(
        self, dt: str, filters: Any = None, debug: bool = False, cache: bool = False, distinct: bool = True
    ) -> int:
        """How many documents match."""
        cache_key = f"doctype:count:{dt}"
        if cache and not filters:
            known = frappe.cache.get_value(cache_key)
            if known is not None:
                return known
        condition = where(filters) if filters else Where()
        sql = f"SELECT COUNT(*) FROM `{table_name(dt)}`{condition.clause}"
        total = self.sql(sql, condition.values, debug=debug)[0][0]  # type: ignore[attr-defined]
        if cache and not filters:
            frappe.cache.set_value(cache_key, total, expires_in_sec=86400)
        return total

    def a_row_exists(self, doctype: str) -> bool:
        return bool(self.sql(f"SELECT name FROM `{table_name(doctype)}` LIMIT 1"))  # type: ignore[attr-defined]

    def get(
        self, doctype: str, filters: Any = None, as_dict: bool = True, cache: bool = False
    ) -> _dict | None:
        return self.get_value(doctype, filters, "*", as_dict=as_dict, cache=cache)

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        return frappe.get_list(*args, **kwargs)

    def get_all(self, *args: Any, **kwargs: Any) -> Any:
        return frappe.get_all(*args, **kwargs)


def table_name(doctype: str) -> str:
    if "`" in doctype:
        raise frappe.ValidationError(f"Invalid DocType: {doctype}")
    return doctype if doctype.startswith("__") else f"tab{doctype}"


def select_fields(fieldname: Any) -> str:
    """The select list for `fieldname`: '*', a name, an expression, a query builder term, or several."""
    if isinstance(fieldname, str):
        fieldname = [f.strip() for f in fieldname.split(",")] if "(" not in fieldname else [fieldname]
    elif not isinstance(fieldname, Iterable):
        fieldname = [fieldname]
    return ", ".join(_select_field(f) for f in fieldname)


def _select_field(field: Any) -> str:
    if not isinstance(field, str):
        return field.get_sql(quote_char="`", with_alias=True)
    if field == "*" or field.startswith("`"):
        return field
    if _PLAIN.match(field):
        return f"`{field}`"
    if match := _ALIASED.match(field):
        return f"`{match.group(1)}` AS `{match.group(2)}`"
    if _UNSAFE.search(field):
        raise frappe.ValidationError(frappe._("Invalid field: {0}").format(field))
    return field
