"""The information collection form (信息采集表): its columns, and one validated line of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cn_connect.crypto.lookup import normalize
from cn_connect.excel_cells import CellFault, Row, as_code, as_date, as_decimal, as_text, at_least, is_blank
from cn_connect.excel_headers import Columns
from cn_connect.excel_text import half_width, seen, stroke
from frappe import _
from market_mgmt.domain import leases
from market_mgmt.domain.openings import Opening
from market_mgmt.domain.registration import is_identity, is_licence_number, is_mobile
from market_mgmt.services.imports.common import longest, room_for

SHEET = "信息采集表"
FLOOR, AREA, STALL, LOCATION, SIZE = "楼层", "片区", "摊位号", "位置", "面积"
MERCHANT, LICENCE, CATEGORY, ID_NUMBER, PHONE = "商户名称", "营业执照号", "经营类别", "身份证号", "联系电话"
WATER_PRICE, POWER_PRICE = "水费单价", "电费单价"
RENT, START, END, RENT_FREE, DEPOSIT = "月租金", "租期开始", "租期结束", "免租期", "押金"
HELD_DEPOSIT, BALANCE = "已收押金", "预存余额"
WATER_METER, WATER_START, WATER_DIGITS, WATER_FACTOR = "水表号", "水表初始读数", "水表位数", "水表倍率"
POWER_METER, POWER_START, POWER_DIGITS, MULTIPLIER = "电表号", "电表初始读数", "电表位数", "电表倍率"
CLAUSE = "滞纳金条款"

REQUIRED = (FLOOR, AREA, STALL, MERCHANT, ID_NUMBER, PHONE, WATER_PRICE, POWER_PRICE, RENT, START, END)
OPTIONAL = (
    *(LOCATION, SIZE, LICENCE, CATEGORY, RENT_FREE, DEPOSIT, HELD_DEPOSIT, BALANCE),
    *(WATER_METER, WATER_START, WATER_DIGITS, WATER_FACTOR),
    *(POWER_METER, POWER_START, POWER_DIGITS, MULTIPLIER, CLAUSE),
)
_WATER_OF, _POWER_OF = (WATER_START, WATER_DIGITS, WATER_FACTOR), (POWER_START, POWER_DIGITS, MULTIPLIER)
COLUMNS = Columns(
    REQUIRED,
    OPTIONAL,
    units={
        SIZE: ("㎡", "m2", "平方米", "平米", "平方"),
        WATER_PRICE: ("元/吨", "元", "元/立方米", "元/m3", "元/方", "元/立方"),
        POWER_PRICE: ("元/度", "元", "元/千瓦时", "元/kwh", "元/kw·h"),
        RENT: ("元", "元/月", "元每月", "月", "元/个月"),
        RENT_FREE: ("天", "日"),
        **dict.fromkeys((DEPOSIT, HELD_DEPOSIT, BALANCE), ("元",)),
        **dict.fromkeys(
            (WATER_START, POWER_START), ("吨", "度", "方", "立方", "立方米", "m3", "kwh", "千瓦时")
        ),
        **dict.fromkeys((WATER_DIGITS, POWER_DIGITS), ("位",)),
        **dict.fromkeys((WATER_FACTOR, MULTIPLIER), ("倍",)),
    },
    words={
        FLOOR: ("层", "楼"),
        AREA: ("区域", "分区"),
        STALL: ("档口号", "铺位号", "摊号", "摊位编号", "摊位"),
        LOCATION: ("摊位位置", "具体位置", "地址"),
        SIZE: ("摊位面积", "平方", "平米"),
        MERCHANT: ("商户", "姓名", "商户姓名", "经营户", "租户", "承租人", "店名"),
        LICENCE: ("营业执照", "执照号", "统一社会信用代码", "信用代码"),
        CATEGORY: ("经营品类", "经营范围", "品类", "类别", "业态"),
        ID_NUMBER: ("身份证", "身份证号码", "证件号", "证件号码"),
        PHONE: ("电话", "手机", "手机号", "手机号码", "联系方式", "联系人电话"),
        WATER_PRICE: ("水价", "水单价"),
        POWER_PRICE: ("电价", "电单价"),
        RENT: ("租金", "月租", "摊位费", "摊租"),
        START: ("租期起", "起租日", "起租日期", "合同开始", "合同开始日期", "开始日期"),
        END: ("租期止", "到期日", "到期日期", "合同结束", "合同结束日期", "结束日期", "租期到期"),
        RENT_FREE: ("免租天数", "免租"),
        DEPOSIT: ("保证金", "履约保证金", "质保金", "押金金额"),
        HELD_DEPOSIT: ("已交押金", "实收押金", "押金已收", "期初押金", "已收保证金"),
        BALANCE: ("预存款", "预存款余额", "预交款", "预收款", "期初预存"),
        WATER_METER: ("水表", "水表编号", "水表表号"),
        WATER_START: ("水表底数", "水表起数", "水表读数", "水表底码"),
        WATER_DIGITS: ("水表量程",),
        POWER_METER: ("电表", "电表编号", "电表表号"),
        POWER_START: ("电表底数", "电表起数", "电表读数", "电表底码"),
        MULTIPLIER: ("倍率", "互感器倍率", "电表倍数", "倍数", "变比", "ct"),
        CLAUSE: ("滞纳金", "违约金条款", "违约金"),
    },
    needs={
        **dict.fromkeys(_WATER_OF, WATER_METER),
        **dict.fromkeys(_POWER_OF, POWER_METER),
    },
)
METER_DIGITS, MOST_DIGITS = 5, 9
_NUMBER = re.compile(r"[0-9A-Za-z\u3400-\u9fff\U00020000-\U0003ffff_-]+")
_TENANCY = (LICENCE, CATEGORY, ID_NUMBER, PHONE, RENT, START, END, RENT_FREE, DEPOSIT, HELD_DEPOSIT, BALANCE)
# What offices write where there is nobody, or nothing.
_VACANT = frozenset(("空", "空置", "空铺", "空摊", "空摊位", "闲置", "待租", "招租", "未出租", "未租", "无"))
_NONE = frozenset(("无", "没有", "未装", "未安装", "无表", "暂无"))


@dataclass(frozen=True)
class MeterLine:
    """A meter; `multiplier` and `digits` are None when the form does not say."""

    meter_no: str
    initial: Decimal | None
    multiplier: Decimal | None
    digits: int | None


@dataclass(frozen=True)
class LeaseLine:
    """A tenancy; None for what the form does not say."""

    merchant_name: str
    licence: str | None
    category: str | None
    id_number: str
    phone: str
    rent: Decimal
    start: date
    end: date
    rent_free_days: int | None
    deposit: Decimal | None
    opening: Opening
    late_fee_clause: bool | None


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
        "floor": row.take(FLOOR, room_for("Market Area", "floor"), required=True),
        "area": row.take(AREA, room_for("Market Area", "area_name"), required=True),
        "stall_no": row.take(STALL, stall_code, required=True),
        "location": row.take(LOCATION, room_for("Stall", "location")),
        "size": row.take(SIZE, at_least(0)),
    }
    water = row.take(WATER_PRICE, _price, required=True)
    power = row.take(POWER_PRICE, _price, required=True)
    meters = {
        "Water": _meter(row, WATER_METER, *_WATER_OF),
        "Electricity": _meter(row, POWER_METER, *_POWER_OF),
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
    occupied = any(not is_blank(row.values.get(column)) for column in _TENANCY)
    written = row.values.get(MERCHANT)
    if not occupied and isinstance(written, str) and seen(written) in _VACANT:
        return None
    name = row.take(MERCHANT, room_for("Merchant", "merchant_name"))
    if not name and not occupied:
        return None
    if is_blank(written):
        row.fault(MERCHANT, _("must not be empty when the row has a tenant's data"))
    elif name in _VACANT:
        row.fault(MERCHANT, _("says that the stall is vacant, but the row has a tenant's data"))
    values: dict[str, Any] = {
        "licence": row.take(LICENCE, _licence),
        "category": row.take(CATEGORY, room_for("Merchant", "business_category")),
        "id_number": row.take(ID_NUMBER, _identity, required=True),
        "phone": row.take(PHONE, _phone, required=True),
        "rent": row.take(RENT, _amount, required=True),
        "start": row.take(START, _lease_day, required=True),
        "end": row.take(END, _lease_day, required=True),
        "rent_free_days": row.take(RENT_FREE, _days),
        "deposit": row.take(DEPOSIT, _amount),
        "opening": Opening(row.take(HELD_DEPOSIT, _amount), row.take(BALANCE, _amount)),
        "late_fee_clause": row.take(CLAUSE, _yes_or_no),
    }
    if values["start"] and values["end"] and values["end"] < values["start"]:
        row.fault(END, _("lies before the start of the lease"))
    if row.errors:
        return None
    return LeaseLine(merchant_name=name, **values)


def _meter(row: Row, number: str, start: str, digits: str, multiplier: str) -> MeterLine | None:
    written = row.values.get(number)
    none = is_blank(written) or (isinstance(written, str) and seen(written) in _NONE)
    meter_no = None if none else row.take(number, _meter_code)
    size = row.take(digits, _digits)
    initial = row.take(start, lambda value: _dial(value, size or METER_DIGITS))
    factor = row.take(multiplier, _multiplier)
    if none and (initial or size or (factor or 1) != 1):
        row.fault(
            number, _("must not be empty when the row has a reading, digits or a multiplier for this meter")
        )
    return MeterLine(meter_no, initial, factor, size) if meter_no else None


def stall_code(value: Any) -> str:
    """The number of a stall, as long as its column allows."""
    return _code(value, longest("Stall", "stall_no"))


def _meter_code(value: Any) -> str:
    return _code(value, 30)


def _code(value: Any, most: int) -> str:
    text = as_code(value)
    odd = stroke(text)
    if odd:
        raise CellFault(
            _("has {0} between letters or digits, which looks like a hyphen; write -").format(odd)
        )
    if len(text) > most or not _NUMBER.fullmatch(text):
        raise CellFault(
            _("may only have letters, digits, Chinese characters and hyphens, at most {0}").format(most)
        )
    return text


def _digits(value: Any) -> int:
    digits = as_decimal(value)
    if digits != int(digits) or not 3 <= digits <= MOST_DIGITS:
        raise CellFault(_("must be the number of digits of the dial, 3 to {0}").format(MOST_DIGITS))
    return int(digits)


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


def _dial(value: Any, digits: int) -> Decimal:
    reading = at_least(0)(value)
    if reading >= 10**digits:
        raise CellFault(
            _("is more than a meter of {0} digits can show; if it has more, fill in its digits").format(
                digits
            )
        )
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


def _identity(value: Any) -> str:
    if isinstance(value, (int, float)):
        raise CellFault(
            _("was turned into a number by Excel and lost its last digits; format the cell as text")
        )
    number = normalize(half_width(as_text(value)), "id_number")
    if not is_identity(number):
        raise CellFault(
            _(
                "is not a valid identity number (length, birthday or check digit), nor a credit code, travel permit or"
                " passport number"
            )
        )
    return number


def _licence(value: Any) -> str:
    number = as_code(value).replace(" ", "").upper()
    if not is_licence_number(number):
        raise CellFault(_("is not a valid licence number (length or check character)"))
    return number


def _phone(value: Any) -> str:
    # A leading + would be neutralised as text; a phone number is digits once normalized.
    number = normalize(half_width(as_text(value).lstrip("'")), "phone")
    if not is_mobile(number):
        raise CellFault(_("is not a mobile number of 11 digits"))
    return number


def _yes_or_no(value: Any) -> bool:
    text = as_code(value)
    if text.upper() in ("有", "是", "Y", "YES", "1", "TRUE", "√", "✓"):
        return True
    if text.upper() in ("无", "否", "没有", "N", "NO", "0", "FALSE", "×"):
        return False
    raise CellFault(_("must be 有 or 无"))
