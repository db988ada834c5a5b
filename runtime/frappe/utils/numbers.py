"""Numbers: reading them from anything, rounding as System Settings say, showing money.

Not for sums of money: those are Decimal (cn_connect.money).
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import frappe

LEGACY_ROUNDING = "Banker's Rounding (legacy)"
number_format_info = {
    "#,###.##": (".", ",", 2),
    "#.###,##": (",", ".", 2),
    "# ###.##": (".", " ", 2),
    "# ###,##": (",", " ", 2),
    "#'###.##": (".", "'", 2),
    "#, ###.##": (".", ", ", 2),
    "#,##,###.##": (".", ",", 2),
    "#,###.###": (".", ",", 3),
    "#.###": ("", ".", 0),
    "#,###": ("", ",", 0),
    "#.########": (".", "", 8),
}


def cint(s: Any, default: int = 0) -> int:
    """The integer in `s`, `default` if there is none. "5.7" is 5."""
    try:
        return int(s)
    except (TypeError, ValueError, OverflowError):
        pass
    try:
        return int(float(s))
    except (TypeError, ValueError, OverflowError):
        return default


def flt(s: Any, precision: int | None = None, rounding_method: str | None = None) -> float:
    """The number in `s`, 0.0 if there is none; rounded when `precision` is given. "1,234.5" is 1234.5."""
    if isinstance(s, str):
        s = s.replace(",", "")
    try:
        number = float(s)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    if precision is None:
        return number
    if math.isnan(number) or math.isinf(number):
        return 0.0
    return rounded(number, precision, rounding_method)


def rounded(num: Any, precision: int = 0, rounding_method: str | None = None) -> Any:
    """Round by the method of System Settings (or the one named)."""
    round(num)  # what is no number must fail here as it does in stock Frappe
    precision = cint(precision)
    method = rounding_method or frappe.get_system_settings("rounding_method") or LEGACY_ROUNDING
    if method == LEGACY_ROUNDING:
        return _legacy(num, precision)
    if method == "Banker's Rounding":
        return _decimal(num, precision, ROUND_HALF_EVEN)
    if method == "Commercial Rounding":
        return _decimal(num, precision, ROUND_HALF_UP)
    frappe.throw(frappe._("Unknown Rounding Method: {}").format(method), exc=frappe.InvalidRoundingMethod)
    return None


def _legacy(num: float, precision: int) -> float | int:
    """Half to even for whole numbers, half up (towards +∞) for decimals: Frappe's first method."""
    multiplier = 10**precision
    scaled = round(num * multiplier, 8)
    below = math.floor(scaled)
    if scaled - below != 0.5:
        whole = round(scaled)
    elif precision == 0:
        whole = below if below % 2 == 0 else below + 1
    else:
        whole = below + 1
    return whole / multiplier if precision else whole


def _decimal(num: float, precision: int, how: str) -> float:
    # a binary fraction that is off in its last bits means the decimal next to it
    exact = Decimal(repr(round(num, max(precision, 0) + 9)))
    return float(exact.quantize(Decimal(1).scaleb(-precision), how))


def ceil(s: Any) -> Any:
    try:
        return math.ceil(s)
    except TypeError:
        return math.ceil(flt(s))


def floor(s: Any) -> Any:
    try:
        return math.floor(s)
    except TypeError:
        return math.floor(flt(s))


def remainder(numerator: float, denominator: float, precision: int = 2) -> float:
    return flt(flt(numerator) % flt(denominator), precision)


def safe_div(numerator: float, denominator: float, precision: int = 2) -> float:
    """Quotient, 0.0 when dividing by zero."""
    return flt(numerator / denominator, precision) if denominator else 0.0


def get_number_format_info(format: str) -> tuple[str, str, int]:
    """Decimal point, separator of thousands, decimals."""
    return number_format_info.get(format) or (".", ",", 2)


def fmt_money(
    amount: Any, precision: int | None = None, currency: str | None = None, format: str | None = None
) -> str:
    """The amount with separators, e.g. "1,234.50"; with the currency's code before it when one is given."""
    number_format = format or frappe.db.get_default("number_format") or "#,###.##"
    point, separator, decimals = get_number_format_info(number_format)
    if precision is None:
        precision = cint(frappe.db.get_default("currency_precision")) or decimals
    text = f"{flt(amount):.{cint(precision)}f}"
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = text.partition(".")
    grouped = sign + _group(whole, separator, indian=number_format == "#,##,###.##")
    if fraction:
        grouped += point + fraction
    return f"{currency} {grouped}" if currency else grouped


def _group(whole: str, separator: str, indian: bool) -> str:
    if not separator:
        return whole
    head, groups = whole[:-3], [whole[-3:]]
    step = 2 if indian else 3
    while head:
        groups.insert(0, head[-step:])
        head = head[:-step]
    return separator.join(groups)


def sbool(x: Any) -> Any:
    """'true', 'True' and '1' are True, 'false', 'False' and '0' False; anything else stays."""
    return (
        {"true": True, "1": True, "false": False, "0": False}.get(x.lower(), x) if isinstance(x, str) else x
    )
