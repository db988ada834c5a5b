"""Values as people read them, according to the type of their field."""

from __future__ import annotations

import re
from typing import Any

import frappe
from frappe.types import _dict
from frappe.utils import (
    cint,
    cstr,
    flt,
    fmt_money,
    format_date,
    format_datetime,
    format_duration,
    format_time,
)

BREAKS = re.compile(r"(<br|<div|<p)")


def format_value(
    value: Any,
    df: Any = None,
    doc: Any = None,
    currency: str | None = None,
    translated: bool = False,
    format: Any = None,
) -> Any:
    """`df`: the field as dictionary, or just its fieldtype; `format`: a pattern for dates."""
    if isinstance(df, str):
        df = _dict(fieldtype=df)
    elif isinstance(df, dict) and not isinstance(df, _dict):
        df = _dict(df)
    if not df:
        return "" if value is None else value
    if value is None:
        value = ""
    if translated and isinstance(value, str):
        value = frappe._(value)
    fieldtype = df.get("fieldtype")
    if fieldtype == "Date":
        return format_date(value, format)
    if fieldtype == "Datetime":
        return format_datetime(value, format)
    if fieldtype == "Time":
        return format_time(value, format)
    if value == 0 and fieldtype in ("Link", "Dynamic Link"):
        return ""
    if fieldtype in ("Currency", "Float", "Percent"):
        return _number(value, df, doc, currency)
    if fieldtype in ("Text", "Small Text"):
        return value if BREAKS.search(cstr(value)) else cstr(value).replace("\n", "<br>")
    if fieldtype == "Duration":
        return format_duration(value, df.get("hide_days")) if value else ""
    if fieldtype == "Text Editor":
        return f"<div class='ql-snow'>{value}</div>"
    if fieldtype == "Table MultiSelect":
        return _links(value, df)
    return value


def _number(value: Any, df: Any, doc: Any, currency: str | None) -> str:
    if df.fieldtype == "Currency":
        precision = _currency_precision(df, doc)
        return fmt_money(value, precision=precision, currency=currency or _currency(df, doc), format=None)
    if df.fieldtype == "Percent":
        precision = cint(df.get("precision")) or 2
        return f"{flt(value, precision)}%"
    precision = cint(df.get("precision")) or cint(frappe.get_system_settings("float_precision")) or None
    if precision is None and flt(value) == cint(value):
        return fmt_money(value, precision=0)
    return fmt_money(flt(value), precision=precision)


def _currency_precision(df: Any, doc: Any) -> int | None:
    configured = frappe.get_system_settings("currency_precision")
    return cint(configured) if configured not in (None, "") else None


def _currency(df: Any, doc: Any) -> str | None:
    """`options` names the field that holds the currency, or `:Company` and the like."""
    options = df.get("options")
    if not options or doc is None or ":" in options:
        return None
    return doc.get(options)


def _links(rows: Any, df: Any) -> str:
    fields = frappe.get_meta(df.options).get_link_fields()
    return ", ".join(cstr(row.get(fields[0].fieldname)) for row in rows or []) if fields else ""
