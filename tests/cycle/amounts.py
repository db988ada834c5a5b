"""Every bill of a month computed a second time, straight from the office's Excel files.

Nothing of the product is used here: openpyxl reads the cells, Decimal and Fraction do the arithmetic, and the rules are
written down once more from the domain document (Money 3 and 6). Whoever changes a rule has to change it twice.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

RENT, WATER, POWER = "Rent", "Water", "Electricity"
Bills = dict[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Meter:
    number: str
    stall: str
    fee_type: str
    initial: Decimal
    multiplier: Decimal
    price: Decimal


@dataclass(frozen=True)
class Lease:
    stall: str
    rent: Decimal
    start: dt.date
    end: dt.date
    rent_free_days: int


def expected_bills(fixtures: Path, period: str) -> Bills:
    """(stall number, fee type) → amount in yuan of every bill that the files call for; bills of nothing are left out."""
    leases, meters = read_form(fixtures / "information_collection.xlsx")
    first, last = month(period)
    bills = {(lease.stall, RENT): rent(lease, first, last) for lease in leases}
    used = consumption(fixtures / "readings", meters, period)
    for lease in leases:
        if lease.start > last or lease.end < first:
            continue
        for meter in meters.values():
            if meter.stall == lease.stall and meter.number in used:
                units = Fraction(used[meter.number]) * Fraction(meter.multiplier)
                bills[meter.stall, meter.fee_type] = cents(units * Fraction(meter.price))
    return {key: amount for key, amount in bills.items() if amount}


def differences(
    expected: Mapping[tuple[str, str], Decimal], billed: Mapping[tuple[str, str], Decimal]
) -> list[str]:
    """One line for each bill that is missing, superfluous or of another amount."""
    found = []
    for key in sorted(expected.keys() | billed.keys()):
        should, is_ = expected.get(key), billed.get(key)
        if should != is_:
            found.append(f"{key[0]} {key[1]}: computed {should}, billed {is_}")
    return found


def rent(lease: Lease, first: dt.date, last: dt.date) -> Decimal:
    """The month's rent by actual days, both ends included, after the rent-free days at the start of the lease."""
    start = max(first, lease.start + dt.timedelta(days=lease.rent_free_days))
    days = (min(last, lease.end) - start).days + 1
    return cents(Fraction(lease.rent) * max(days, 0) / last.day)


def cents(value: Fraction) -> Decimal:
    """Rounded half up to a cent (amounts here are never negative)."""
    return Decimal(int(value * 100 + Fraction(1, 2))).scaleb(-2)


def month(period: str) -> tuple[dt.date, dt.date]:
    year, number = map(int, period.split("-"))
    return dt.date(year, number, 1), dt.date(year, number, monthrange(year, number)[1])


def read_form(path: Path) -> tuple[list[Lease], dict[str, Meter]]:
    """Leases and meters of the good rows."""
    leases, meters = [], {}
    seen: set[str] = set()
    for row in rows(path):
        stall = str(row["摊位号"]).strip()
        if stall in seen:
            continue
        lease = _lease(stall, row)
        if row["商户名称"] and lease is None:
            continue
        seen.add(stall)
        if lease:
            leases.append(lease)
        for kind, fee_type, price, factor in (
            ("水表", WATER, "水费单价(元/吨)", Decimal(1)),
            ("电表", POWER, "电费单价(元/度)", number(row["电表倍率"])),
        ):
            meter = str(row[f"{kind}号"]).strip()
            initial = number(row[f"{kind}初始读数"])
            meters[meter] = Meter(meter, stall, fee_type, initial, factor, number(row[price]))
    return leases, meters


def _lease(stall: str, row: Mapping[str, Any]) -> Lease | None:
    """None for a vacant stall and for a row that cannot be right."""
    if not row["商户名称"] or not valid_id_number(str(row["身份证号"])):
        return None
    start, end = date(row["租期开始"]), date(row["租期结束"])
    if end < start:
        return None
    return Lease(stall, number(row["月租金(元)"]), start, end, int(row["免租期(天)"] or 0))


def consumption(folder: Path, meters: Mapping[str, Meter], period: str) -> dict[str, Decimal]:
    """Dial units of each meter in the period, from the chain of good readings up to it."""
    dials = {meter.number: meter.initial for meter in meters.values()}
    used: dict[str, Decimal] = {}
    for path in sorted(folder.glob("*.xlsx")):
        if path.stem > period:
            break
        used = {}
        for meter, current in _good_readings(path, meters, dials):
            used[meter] = (100_000 + current - dials[meter]) % 100_000
            dials[meter] = current
    return used


def _good_readings(
    path: Path, meters: Mapping[str, Meter], dials: Mapping[str, Decimal]
) -> Iterable[tuple[str, Decimal]]:
    first, last = month(path.stem)
    good: dict[str, Decimal] = {}
    for row in rows(path):
        meter = meters.get(str(row["表号"]))
        if meter is None or meter.stall != row["摊位号"] or meter.number in good:
            continue
        try:
            previous, current, day = number(row["上期读数"]), number(row["本期读数"]), date(row["抄表日期"])
        except ValueError:
            continue
        in_time = first <= day <= last + dt.timedelta(days=5)
        if previous == dials[meter.number] and 0 <= current < 100_000 and in_time:
            good[meter.number] = current
    return good.items()


def rows(path: Path) -> Iterable[dict[str, Any]]:
    """The lines below the header in row 2, by header."""
    sheet: Any = load_workbook(path, data_only=True).active
    lines = sheet.iter_rows(min_row=2, values_only=True)
    header = next(lines)
    for line in lines:
        yield dict(zip(header, line, strict=True))


def number(cell: Any) -> Decimal:
    """A number that may be typed as text with commas. Raises ValueError."""
    try:
        return Decimal(str(cell).replace(",", "").strip())
    except InvalidOperation:
        raise ValueError(cell) from None


def date(cell: Any) -> dt.date:
    """A date that may be typed as text. Raises ValueError."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    year, number_, day = map(int, re.findall(r"\d+", str(cell)))
    return dt.date(year, number_, day)


def valid_id_number(text: str) -> bool:
    """GB 11643: the weighted sum of 17 digits decides the eighteenth."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return text[17] == "10X98765432"[total % 11]
