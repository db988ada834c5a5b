"""Numbers as people read them, according to the type of their field and the precisions of System Settings."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils.numbers import cint, flt


def format_number(value: Any, df: Any, doc: Any) -> str:
    """E.g. 1,234.50, or 5.0%. `options` of a Currency field names the field of `doc` that holds the currency."""
    if df.fieldtype == "Percent":
        return f"{flt(value, cint(df.precision) or 2)}%"
    if df.fieldtype == "Currency":
        precision, currency = frappe.get_system_settings("currency_precision"), doc.get(df.options or "")
    else:
        precision, currency = df.precision or frappe.get_system_settings("float_precision"), None
        if not cint(precision) and flt(value) == cint(value):
            return f"{flt(value):,.0f}"
    text = f"{flt(value):,.{cint(precision) or 2}f}"
    return f"{currency} {text}" if currency else text
