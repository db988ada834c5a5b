"""The data of the money benchmarks: markets of many let, metered stalls.

One shop is made by documents, as an office makes it, and copied row by row under other names: every column of a copy is
filled as a document fills it, and 100,000 stalls take a minute instead of an hour. Rents and readings differ from stall
to stall, so that no two bills need be alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import frappe
from tests.sites import Bench, connected

PERIOD, BILL_DATE = "2026-10", date(2026, 11, 1)
NOW = datetime(2026, 11, 2, 10)
UNITS = {"Water": 12.5, "Electricity": 230.0}
PRICES = {"Water": "2.85", "Electricity": "0.7625"}
_PIECE = 5000


@dataclass(frozen=True)
class Market:
    """A market by its name, with the number of its stalls."""

    name: str
    stalls: int

    def stall_no(self, number: int) -> str:
        return f"B{number:06d}"

    def stall(self, number: int) -> str:
        return f"{self.name}-{self.stall_no(number)}"

    def meter_no(self, fee_type: str, number: int) -> str:
        return f"{fee_type[0]}{number:06d}"


def database(bench: Bench) -> str:
    """The version of the bench's MariaDB server; empty on SQLite."""
    with connected(bench):
        return frappe.db.sql("SELECT VERSION()")[0][0] if frappe.db.db_type == "mariadb" else ""


def market(stalls: int, months: Sequence[str]) -> Market:
    """A market whose stalls are let, with a meter each for water and electricity that was read in `months`.

    The caller commits.
    """
    from market_mgmt.tests import factories

    made = Market(factories.market(), stalls)
    tenant, stall = factories.merchant(made.name), factories.stall(made.name, made.stall_no(0))
    shop = factories.Shop(made.name, stall, tenant, factories.lease(made.name, tenant, stall))
    _copy_shops(made, shop)
    for fee_type, price in PRICES.items():
        factories.tariff(made.name, fee_type, price)
        meter = factories.meter(shop, fee_type, meter_no=made.meter_no(fee_type, 0))
        for count, month in enumerate(months, start=1):
            factories.reading(meter, month, str(UNITS[fee_type] * count))
        _copy_meters(made, fee_type, meter)
    return made


def months_up_to(last: str, count: int) -> list[str]:
    """So many months, the last one being `last`."""
    day, found = date.fromisoformat(f"{last}-01"), []
    for _ in range(count):
        found.append(f"{day:%Y-%m}")
        day = (day - timedelta(days=1)).replace(day=1)
    return found[::-1]


def publish(made: Market) -> None:
    """Bill the period and publish it. The caller commits."""
    from market_mgmt.services import billing
    from market_mgmt.tests import factories

    billing.generate(made.name, PERIOD, BILL_DATE)
    factories.publish(made.name, PERIOD, BILL_DATE)


def orders(made: Market, mchid: str) -> list[tuple[str, str]]:
    """A WeChat order for each merchant over all they owe, waiting for its payment; (order, amount) of each.

    The caller commits.
    """
    from market_mgmt.tests import factories

    fields = ["name", "merchant", "lease", "stall", "outstanding"]
    owed: dict[str, list[Any]] = {}
    for fee in frappe.get_all("Fee", {"market": made.name, "status": "Published"}, fields, order_by="name"):
        owed.setdefault(fee.merchant, []).append(fee)
    one = next(iter(owed.values()))
    shop = factories.Shop(made.name, one[0].stall, one[0].merchant, one[0].lease)
    first = factories.order(shop, [fee.name for fee in one], NOW, mchid=mchid)
    order = _row("Market Payment Order", first)
    line = _row("Payment Order Fee", frappe.db.get_value("Payment Order Fee", {"parent": first}))
    rows, lines = [], []
    for number, fees in enumerate(owed.values()):
        name = f"{order['name'][:-6]}{number:06d}" if number else first
        amount = round(sum(fee.outstanding for fee in fees), 2)
        rows.append(order | {"name": name, "merchant": fees[0].merchant, "amount": amount})
        lines += [
            line
            | {"name": f"{name}-{index}", "parent": name, "idx": index, "fee": fee.name}
            | {"principal": fee.outstanding, "amount": fee.outstanding}
            for index, fee in enumerate(fees, start=1)
        ]
    _insert("Market Payment Order", rows[1:])
    _insert("Payment Order Fee", (row for row in lines if row["parent"] != first))
    return [(row["name"], f"{row['amount']:.2f}") for row in rows]


def _copy_shops(made: Market, shop: Any) -> None:
    numbers = range(1, made.stalls)
    stall, merchant, lease = (
        _row(doctype, name)
        for doctype, name in (("Stall", shop.stall), ("Merchant", shop.merchant), ("Lease", shop.lease))
    )
    suffix = lease["name"].removeprefix(shop.stall)
    tokens = [key for key, value in stall.items() if value and "token" in key]
    _insert(
        "Stall",
        (
            stall
            | {"name": made.stall(n), "stall_no": made.stall_no(n)}
            | {key: secrets.token_hex(8) for key in tokens}
            for n in numbers
        ),
    )

    def own(n: int) -> str:
        return f"{merchant['name']}-{n:06d}"

    _insert("Merchant", (merchant | {"name": own(n), "merchant_name": f"商户{n}"} for n in numbers))
    _insert(
        "Lease",
        (
            lease
            | {"name": made.stall(n) + suffix, "stall": made.stall(n), "merchant": own(n)}
            | {"monthly_rent": 2000 + n * 7919 % 2000 + 0.5 * (n % 2)}
            for n in numbers
        ),
    )


def _copy_meters(made: Market, fee_type: str, meter: str) -> None:
    first = _row("Meter", meter)
    names = frappe.get_all("Meter Reading", {"meter": meter}, pluck="name", order_by="period")
    readings = [_row("Meter Reading", name) for name in names]
    numbers = range(1, made.stalls)

    def place(n: int) -> dict[str, str]:
        return {"stall": made.stall(n), "meter_no": made.meter_no(fee_type, n)}

    def name_of(n: int) -> str:
        return f"{made.name}-{made.meter_no(fee_type, n)}"

    def figures(n: int, count: int) -> dict[str, Any]:
        units = UNITS[fee_type] + n % 997 / 10
        stood = round(units * count, 1)
        return {
            "previous_reading": stood,
            "current_reading": round(stood + units, 1),
            "consumption": units,
            "status": "Normal",
            "hold_reason": None,
        }

    _insert("Meter", (first | place(n) | {"name": name_of(n)} for n in numbers))
    _insert(
        "Meter Reading",
        (
            reading
            | place(n)
            | figures(n, count)
            | {"name": f"{name_of(n)}-{reading['period']}", "meter": name_of(n)}
            for count, reading in enumerate(readings)
            for n in numbers
        ),
    )


def _row(doctype: str, name: str) -> dict[str, Any]:
    return dict(frappe.db.get_value(doctype, name, "*", as_dict=True))


def _insert(doctype: str, rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while piece := list(islice(left, _PIECE)):
        frappe.db.bulk_insert(doctype, list(piece[0]), [tuple(row.values()) for row in piece])
