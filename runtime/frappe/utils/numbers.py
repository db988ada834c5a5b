"""Numbers: reading them from anything, rounding as System Settings say.

Not for sums of money: those are Decimal (cn_connect.money).
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import frappe

LEGACY_ROUNDING = "Banker's Rounding (legacy)"
_DECIMAL_ROUNDING = {"Banker's Rounding": ROUND_HALF_EVEN, "Commercial Rounding": ROUND_HALF_UP}


def cint(s: Any, default: int = 0) -> int:
    """The integer in `s`, `default` if there is none. "5.7" is 5."""
    for read in (int, lambda value: int(float(value))):
        try:
            return read(s)
        except (TypeError, ValueError, OverflowError):
            continue
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
    return rounded(number, precision, rounding_method) if math.isfinite(number) else 0.0


def rounded(num: Any, precision: int = 0, rounding_method: str | None = None) -> Any:
    """Round by the method of System Settings (or the one named). TypeError for what is no number."""
    precision = cint(precision)
    method = rounding_method or frappe.get_system_settings("rounding_method") or LEGACY_ROUNDING
    if method == LEGACY_ROUNDING:
        return _legacy(num, precision)
    # a binary fraction that is off in its last bits means the decimal next to it
    exact = Decimal(repr(round(num, max(precision, 0) + 9)))
    return float(exact.quantize(Decimal(1).scaleb(-precision), _DECIMAL_ROUNDING[method]))


def _legacy(num: float, precision: int) -> float | int:
    """Half to even for whole numbers, half up (towards +∞) for decimals: Frappe's first method."""
    if precision == 0:
        return round(round(num, 8))
    multiplier = 10**precision
    scaled = round(num * multiplier, 8)
    below = math.floor(scaled)
    return (below + 1 if scaled - below == 0.5 else round(scaled)) / multiplier


def sbool(x: Any) -> Any:
    """'true', 'True' and '1' are True, 'false', 'False' and '0' False; anything else stays."""
    known = {"true": True, "1": True, "false": False, "0": False}
    return known.get(x.lower(), x) if isinstance(x, str) else x
