"""Values as people read them."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import cint, cstr, flt


def format_value(value: Any, df: Any, doc: Any = None) -> str:
    """Numbers by the type of their field (1,234.50, 5.0%), anything else as text.

    `options` of a Currency field names the field of `doc` that holds the currency.
    """
    if df.fieldtype == "Percent":
        return f"{flt(value, cint(df.precision) or 2)}%"
    if df.fieldtype not in ("Currency", "Float"):
        return cstr(value)
    currency = doc.get(df.options) if doc and df.options and df.fieldtype == "Currency" else None
    if df.fieldtype == "Currency":
        precision = cint(frappe.get_system_settings("currency_precision"))
    else:
        precision = cint(df.precision or frappe.get_system_settings("float_precision"))
        if not precision and flt(value) == cint(value):
            return f"{flt(value):,.0f}"
    text = f"{flt(value):,.{precision or 2}f}"
    return f"{currency} {text}" if currency else text
