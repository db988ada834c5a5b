"""The three imports as these tests drive them: a fresh draft, the way to run it, and what is stored afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import frappe
from cn_connect.crypto.fields import plain_value
from frappe.utils import getdate
from market_mgmt.services.imports import arrears, form, merchants, readings
from market_mgmt.services.imports.common import Confirmation, ImportResult
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import ARREARS_COLUMNS, FORM, OTHER_IDS, READING_COLUMNS, stall_row
from tests.hostile.workbooks import CODES, DAYS, NUMBERS, TEXTS, Cell, Draft

AS_OF = dt.date(2026, 10, 31)
PERIOD = "2026-10"
CONFIRMED = Confirmation("Administrator", dt.datetime(2026, 10, 31, 9))
# What is stored of one row: the key by which it is found, and its values by column.
Stored = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One sort of import. `key` is the column by which a row is found again."""

    name: str
    key: str
    kinds: dict[str, str]
    columns: tuple[str, ...]
    draft: Callable[[Random], Draft]
    run: Callable[[bytes, bool, bool], ImportResult]
    stored: Callable[[], Stored]


def kinds() -> list[Kind]:
    """The imports, each into a market of its own that is made here."""
    return [_merchants(factories.market()), _readings(), _arrears()]


def _cells(values: Any) -> list[Cell]:
    return [Cell(value) for value in values]


def _merchants(market: str) -> Kind:
    sorts = {
        **dict.fromkeys(("摊位号", "水表号", "电表号"), CODES),
        **dict.fromkeys(("楼层", "片区", "位置", "商户名称", "经营类别"), TEXTS),
        **dict.fromkeys(
            ("面积", "水费单价", "电费单价", "月租金", "押金", "水表初始读数", "电表初始读数", "电表倍率", "免租期"), NUMBERS
        ),
        **dict.fromkeys(("租期开始", "租期结束"), DAYS),
    }  # fmt: skip

    def draft(random: Random) -> Draft:
        ids = [FORM["身份证号"], *OTHER_IDS]
        rows = []
        for number in range(1, random.randint(2, 5)):
            person = random.randrange(len(ids))
            rows.append({**FORM, **stall_row(number), "身份证号": ids[person], "商户名称": f"商户{person}"})
        return Draft("信息采集表", sorts, list(FORM), [_cells(row.values()) for row in rows])

    def run(content: bytes, dry_run: bool, apply_changes: bool) -> ImportResult:
        by = "Administrator" if apply_changes else None
        return merchants.run(market, content, "form.xlsx", AS_OF, dry_run, CONFIRMED, changes_by=by)

    return Kind(
        "merchants", "摊位号", sorts, (*form.REQUIRED, *form.OPTIONAL), draft, run, lambda: _form_of(market)
    )


def _form_of(market: str) -> Stored:
    found = {}
    for name in frappe.get_all("Stall", {"market": market}, pluck="name"):
        stall = frappe.get_doc("Stall", name)
        values: dict[str, Any] = {
            "摊位号": stall.stall_no,
            "楼层": stall.floor,
            "片区": frappe.db.get_value("Market Area", stall.area, "area_name"),
            "位置": stall.location,
            "面积": stall.area_size,
        }
        for fee_type, prefix, price in (("Water", "水表", "水费单价"), ("Electricity", "电表", "电费单价")):
            fields = ["meter_no", "initial_reading", "multiplier"]
            meter = frappe.db.get_value("Meter", {"stall": name, "fee_type": fee_type}, fields) or (None,) * 3
            values |= dict(zip((f"{prefix}号", f"{prefix}初始读数", f"{prefix}倍率"), meter, strict=True))
            values[price] = _price(market, name, fee_type)
        lease = frappe.db.get_value("Lease", {"stall": name})
        if lease:
            values |= _tenancy(frappe.get_doc("Lease", lease))
        found[stall.stall_no] = values
    return found


def _price(market: str, stall: str, fee_type: str) -> Any:
    for place in (stall, ["is", "not set"]):
        where = {"market": market, "fee_type": fee_type, "stall": place}
        rows = frappe.get_all("Tariff", where, pluck="unit_price", order_by="effective_from desc", limit=1)
        if rows:
            return rows[0]
    return None


def _tenancy(lease: Any) -> dict[str, Any]:
    merchant = frappe.get_doc("Merchant", lease.merchant)
    return {
        "商户名称": merchant.merchant_name,
        "经营类别": merchant.business_category,
        "身份证号": plain_value(merchant, "id_number"),
        "联系电话": plain_value(merchant, "phone"),
        "月租金": lease.monthly_rent,
        "押金": lease.deposit,
        "免租期": lease.rent_free_days,
        "租期开始": getdate(lease.start_date),
        "租期结束": getdate(lease.end_date),
    }


def _readings() -> Kind:
    market = factories.market()
    shops = [factories.shop(market) for _ in range(4)]
    for number, shop in enumerate(shops, start=1):
        factories.meter(shop, meter_no=f"WA{number:02d}", initial_reading=100)
    sorts = {
        "摊位号": CODES,
        "表号": CODES,
        "类型": TEXTS,
        "上期读数": NUMBERS,
        "本期读数": NUMBERS,
        "抄表日期": DAYS,
    }

    def draft(random: Random) -> Draft:
        lines = []
        for number, shop in enumerate(shops[: random.randint(1, 4)], start=1):
            stall = shop.stall.removeprefix(f"{market}-")
            day = dt.datetime(2026, 10, random.randint(20, 31))
            lines.append(_cells([stall, f"WA{number:02d}", "水表", 100, 105 + number, day]))
        return Draft("抄表", sorts, list(READING_COLUMNS), lines)

    def run(content: bytes, dry_run: bool, _apply: bool) -> ImportResult:
        return readings.run(market, PERIOD, content, "r.xlsx", AS_OF, dry_run, CONFIRMED)

    def stored() -> Stored:
        fields = ["meter_no", "stall", "current_reading", "previous_reading", "reading_date"]
        return {
            row.meter_no: {
                "表号": row.meter_no,
                "摊位号": row.stall.removeprefix(f"{market}-"),
                "本期读数": row.current_reading,
                "上期读数": row.previous_reading,
                "抄表日期": getdate(row.reading_date),
            }
            for row in frappe.get_all("Meter Reading", {"market": market, "period": PERIOD}, fields)
        }

    return Kind("readings", "表号", sorts, READING_COLUMNS, draft, run, stored)


def _arrears() -> Kind:
    market = factories.market()
    shops = [factories.shop(market) for _ in range(4)]
    sorts = {"摊位号": CODES, "欠费金额": NUMBERS, "应缴日期": DAYS}

    def draft(random: Random) -> Draft:
        lines = []
        for shop in shops[: random.randint(1, 4)]:
            stall = shop.stall.removeprefix(f"{market}-")
            due = dt.datetime(2026, 10, random.randint(1, 30))
            lines.append(_cells([stall, "租金", "2026-09", random.randint(100, 3000), due, None]))
        return Draft("期初欠费", sorts, list(ARREARS_COLUMNS), lines)

    def run(content: bytes, dry_run: bool, _apply: bool) -> ImportResult:
        return arrears.run(market, content, "a.xlsx", AS_OF, dry_run, CONFIRMED)

    def stored() -> Stored:
        fields = ["stall", "amount", "due_date"]
        return {
            row.stall.removeprefix(f"{market}-"): {
                "摊位号": row.stall.removeprefix(f"{market}-"),
                "欠费金额": Decimal(str(row.amount)),
                "应缴日期": getdate(row.due_date),
            }
            for row in frappe.get_all("Fee", {"market": market, "source": "Opening"}, fields)
        }

    return Kind("arrears", "摊位号", sorts, ARREARS_COLUMNS, draft, run, stored)
