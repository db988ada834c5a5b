"""SQL functions for queries: PyPika's, and those Frappe adds."""

from __future__ import annotations

from typing import Any

from pypika.functions import *  # noqa: F403
from pypika.functions import Concat, IfNull
from pypika.terms import Function, LiteralValue, Term

import frappe
from frappe.query_builder.builder import _aggregate


class Concat_ws(Function):
    def __init__(self, *terms: Any, **kwargs: Any) -> None:
        super().__init__("CONCAT_WS", *terms, **kwargs)


class Locate(Function):
    def __init__(self, *terms: Any, **kwargs: Any) -> None:
        super().__init__("LOCATE", *terms, **kwargs)


class Round(Function):
    def __init__(self, term: Any, decimal: int = 0, **kwargs: Any) -> None:
        super().__init__("ROUND", term, decimal, **kwargs)


class Truncate(Function):
    def __init__(self, term: Any, decimal: int, **kwargs: Any) -> None:
        super().__init__("TRUNCATE", term, decimal, **kwargs)


class Timestamp(Function):
    """A date and a time as one moment."""

    def __init__(self, term: Any, time: Any = None, alias: str | None = None) -> None:
        super().__init__("TIMESTAMP", *((term,) if time is None else (term, time)), alias=alias)


class GroupConcat(Function):
    def __init__(self, column: Any, alias: str | None = None) -> None:
        super().__init__("GROUP_CONCAT", column, alias=alias)


class UnixTimestamp(Function):
    def __init__(self, term: Any, alias: str | None = None) -> None:
        super().__init__("unix_timestamp", term, alias=alias)


class DateFormat(Function):
    """`format` as MariaDB's DATE_FORMAT has it: %Y-%m-%d."""

    def __init__(self, term: Any, format: str, alias: str | None = None) -> None:
        super().__init__("DATE_FORMAT", term, format, alias=alias)


def Cast_(value: Any, as_type: str, alias: str | None = None) -> Function:
    """CAST; to varchar by concatenation with '', which every server takes."""
    if as_type.lower().startswith("varchar"):
        return Concat(value, "", alias=alias) if alias else Concat(value, "")
    return Function("CAST", LiteralValue(f"{_sql(value)} AS {as_type}"), alias=alias)


def _sql(value: Any) -> str:
    if isinstance(value, Term):
        return value.get_sql(quote_char="`", with_namespace=True)
    return frappe.db.escape(value, percent=False)


Ifnull = IfNull
CombineDatetime = Timestamp


def _max(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
    return _aggregate("Max", dt, fieldname, filters, **kwargs)


def _min(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
    return _aggregate("Min", dt, fieldname, filters, **kwargs)


def _avg(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
    return _aggregate("Avg", dt, fieldname, filters, **kwargs)


def _sum(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
    return _aggregate("Sum", dt, fieldname, filters, **kwargs)
