"""The information collection form (信息采集表): its columns, and one validated line of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cn_connect.crypto.lookup import normalize
from cn_connect.excel_cells import CellFault, Row, as_code, as_date, as_decimal, as_text, at_least, is_blank
from frappe import _
from market_mgmt.domain import leases
from market_mgmt.domain.registration import is_id_number, is_licence_number, is_mobile

SHEET = "信息采集表"
FLOOR, AREA, STALL, LOCATION, SIZE = "楼层", "片区", "摊位号", "位置", "面积"
MERCHANT, LICENCE, CATEGORY, ID_NUMBER, PHONE = "商户名称", "营业执照号", "经营类别", "身份证号", "联系电话"
WATER_PRICE, POWER_PRICE = "水费单价", "电费单价"
RENT, START, END, RENT_FREE, DEPOSIT = "月租金", "租期开始", "租期结束", "免租期", "押金"
WATER_METER, WATER_START = "水表号", "水表初始读数"
POWER_METER, POWER_START, MULTIPLIER = "电表号", "电表初始读数", "电表倍率"
CLAUSE = "滞纳金条款"

REQUIRED = (FLOOR, AREA, STALL, MERCHANT, ID_NUMBER, PHONE, WATER_PRICE, POWER_PRICE, RENT, START, END)
OPTIONAL = (
    *(LOCATION, SIZE, LICENCE, CATEGORY, RENT_FREE, DEPOSIT),
    *(WATER_METER, WATER_START, POWER_METER, POWER_START, MULTIPLIER, CLAUSE),
)
METER_DIGITS = 5
_NUMBER = re.compile(r"[\w-]{1,30}")
_TENANCY = (LICENCE, ID_NUMBER, PHONE, START, END)


@dataclass(frozen=True)
class MeterLine:
    meter_no: str
    initial: Decimal
    multiplier: Decimal


@dataclass(frozen=True)
class LeaseLine:
    merchant_name: str
    licence: str | None
    category: str | None
    id_number: str
    phone: str
    rent: Decimal
    start: date
    end: date
    rent_free_days: int
    deposit: Decimal
    late_fee_clause: bool


@dataclass(frozen=True)
class FormLine:
    """A stall as the form describes it; `lease` is None when it is vacant. Prices by fee type."""

    row: Row
    floor: str
    area: str
    stall_no: str
    location: str | None
    size: Decimal | None
    prices: dict[str, Decimal]
    meters: dict[str, MeterLine]
    lease: LeaseLine | None


def parse(row: Row) -> FormLine | None:
    """The validated line, or None when the row now carries faults."""
    values = {
        "floor": row.take(FLOOR, as_text, required=True),
        "area": row.take(AREA, as_text, required=True),
        "stall_no": row.take(STALL, _code, required=True),
        "location": row.take(LOCATION, as_text),
        "size": row.take(SIZE, at_least(0)),
    }
    water = row.take(WATER_PRICE, _price, required=True)
    power = row.take(POWER_PRICE, _price, required=True)
    meters = {
        "Water": _meter(row, WATER_METER, WATER_START, None),
        "Electricity": _meter(row, POWER_METER, POWER_START, MULTIPLIER),
    }
    lease = _lease(row)
    if row.errors:
        return None
    prices = {"Water": water, "Electricity": power}
    return FormLine(
        row=row,
        prices=prices,
        meters={kind: meter for kind, meter in meters.items() if meter},
        lease=lease,
        **values,
    )


def _lease(row: Row) -> LeaseLine | None:
    name = row.take(MERCHANT, as_text)
    occupied = any(not is_blank(row.values.get(column)) for column in _TENANCY)
    if not name and not occupied:
        return None
    if not name:
        row.fault(MERCHANT, _("must not be empty when the row has a tenant's data"))
    values: dict[str, Any] = {
        "licence": row.take(LICENCE, _licence),
        "category": row.take(CATEGORY, as_text),
        "id_number": row.take(ID_NUMBER, _id_number, required=True),
        "phone": row.take(PHONE, _phone, required=True),
        "rent": row.take(RENT, _amount, required=True),
        "start": row.take(START, _lease_day, required=True),
        "end": row.take(END, _lease_day, required=True),
        "rent_free_days": row.take(RENT_FREE, _days) or 0,
        "deposit": row.take(DEPOSIT, _amount) or Decimal(0),
        "late_fee_clause": row.take(CLAUSE, _yes_or_no),
    }
    if values["start"] and values["end"] and values["end"] < values["start"]:
        row.fault(END, _("lies before the start of the lease"))
    if row.errors:
        return None
    # Imported leases carry the clause unless the file says otherwise (domain.md, Money 5).
    values["late_fee_clause"] = values["late_fee_clause"] is not False
    return LeaseLine(merchant_name=name, **values)


def _meter(row: Row, number: str, start: str, multiplier: str | None) -> MeterLine | None:
    meter_no = row.take(number, _code)
    initial = row.take(start, _dial) or Decimal(0)
    factor = row.take(multiplier, _multiplier) if multiplier else None
    return MeterLine(meter_no, initial, factor or Decimal(1)) if meter_no else None


def _code(value: Any) -> str:
    text = as_code(value)
    if not _NUMBER.fullmatch(text):
        raise CellFault(_("may only have letters, digits and hyphens, at most 30"))
    return text


def _price(value: Any) -> Decimal:
    price = as_decimal(value)
    if not 0 < price <= 100 or price != round(price, 4):
        raise CellFault(_("must be a unit price above 0 and up to 100 yuan, with at most four decimals"))
    return price


def _amount(value: Any) -> Decimal:
    amount = at_least(0)(value)
    if amount != round(amount, 2):
        raise CellFault(_("has more than two decimals"))
    return amount


def _lease_day(value: Any) -> date:
    day = as_date(value)
    if not leases.is_plausible(day):
        raise CellFault(_("must lie between {0} and {1}").format(leases.FIRST_DAY, leases.LAST_DAY))
    return day


def _dial(value: Any) -> Decimal:
    reading = at_least(0)(value)
    if reading >= 10**METER_DIGITS:
        raise CellFault(_("is more than a meter of {0} digits can show").format(METER_DIGITS))
    return reading


def _multiplier(value: Any) -> Decimal:
    factor = as_decimal(value)
    if not 0 < factor <= 10_000:
        raise CellFault(_("must be above 0 and up to 10000"))
    return factor


def _days(value: Any) -> int:
    days = at_least(0)(value)
    if days != int(days) or days > 3660:
        raise CellFault(_("must be a whole number of days"))
    return int(days)


def _id_number(value: Any) -> str:
    if isinstance(value, (int, float)):
        raise CellFault(
            _("was turned into a number by Excel and lost its last digits; format the cell as text")
        )
    number = normalize(as_text(value), "id_number")
    if not is_id_number(number):
        raise CellFault(_("is not a valid identity number (length, birthday or check digit)"))
    return number


def _licence(value: Any) -> str:
    number = as_code(value).replace(" ", "").upper()
    if not is_licence_number(number):
        raise CellFault(_("is not a valid licence number (length or check character)"))
    return number


def _phone(value: Any) -> str:
    # A leading + would be neutralised as text; a phone number is digits once normalized.
    number = normalize(as_text(value).lstrip("'"), "phone")
    if not is_mobile(number):
        raise CellFault(_("is not a mobile number of 11 digits"))
    return number


def _yes_or_no(value: Any) -> bool:
    text = as_code(value)
    if text in ("有", "是", "Y", "y", "1"):
        return True
    if text in ("无", "否", "没有", "N", "n", "0"):
        return False
    raise CellFault(_("must be 有 or 无"))
