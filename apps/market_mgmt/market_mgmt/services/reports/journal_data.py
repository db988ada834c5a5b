"""The money of one day, read from the ledger: takings order by order, and how the receivables moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pypika.functions import Sum

import frappe
from cn_connect.money import ZERO, yuan
from frappe.utils import get_datetime
from market_mgmt.domain.ledger import (
    CASH,
    INCOME,
    LATE_FEE_INCOME,
    LATE_FEE_RECEIVABLE,
    OF_A_FEE,
    PREPAID,
    RECEIVABLE,
    REFUND,
    REVERSAL,
    WAIVED,
)
from market_mgmt.services import terms

RENT, WATER, POWER, OTHER, LATE_FEE, REST = "租金", "水费", "电费", "其他费用", "滞纳金", "转入预存"
PARTS = (RENT, WATER, POWER, OTHER, LATE_FEE, REST)
_PART_OF_TYPE = {"Rent": RENT, "Water": WATER, "Electricity": POWER}


@dataclass
class Taking:
    """One payment (or, negative, a refund or a payment taken back) and what it was used for."""

    order: str
    time: str
    receipt: str
    stalls: str
    merchant: str
    channel: str
    amount: Decimal = ZERO
    parts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(PARTS, ZERO))


@dataclass(frozen=True)
class Movement:
    """One cause of a change in what merchants owe, positive when they owe more."""

    label: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Journal:
    market: str
    day: date
    takings: list[Taking]
    opening: Decimal
    movements: list[Movement]
    entries: list[dict[str, Any]]

    @property
    def total(self) -> Decimal:
        return sum((taking.amount for taking in self.takings), ZERO)

    @property
    def closing(self) -> Decimal:
        return self.opening + sum((movement.amount for movement in self.movements), ZERO)

    def part(self, name: str) -> Decimal:
        return sum((taking.parts[name] for taking in self.takings), ZERO)

    def by_channel(self) -> dict[str, tuple[int, Decimal]]:
        """Count and amount by channel, in the order of the channels."""
        found: dict[str, tuple[int, Decimal]] = {}
        for channel in (*terms.CHANNELS.values(), ""):
            amounts = [taking.amount for taking in self.takings if taking.channel == channel]
            if amounts:
                found[channel] = (len(amounts), sum(amounts, ZERO))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the content hash and for callers."""
        return {
            "market": self.market,
            "day": self.day,
            "takings": [asdict(taking) for taking in self.takings],
            "total": self.total,
            "opening": self.opening,
            "movements": [asdict(movement) for movement in self.movements],
            "closing": self.closing,
            "entries": [[e["name"], e["entry_type"], e["amount"]] for e in self.entries],
        }


def read(market: str, day: date) -> Journal:
    """Everything that was posted in a market on a day."""
    entries = _entries(market, day)
    return Journal(market, day, _takings(entries), _opening(market, day), _movements(entries), entries)


def _entries(market: str, day: date) -> list[dict[str, Any]]:
    rows = frappe.get_all(
        "Account Entry",
        filters={"market": market, "posting_date": day},
        fields=[
            *("name", "creation", "entry_type", "debit_account", "credit_account", "amount"),
            *("merchant", "stall", "fee", "payment_order"),
        ],
        order_by="creation, name",
    )
    fee_types = _values("Fee", (row.fee for row in rows), "fee_type")
    return [dict(row, amount=yuan(row.amount), fee_type=fee_types.get(row.fee, "")) for row in rows]


def _takings(entries: list[dict[str, Any]]) -> list[Taking]:
    """Cash in and out by payment order, with what each order paid for."""
    moved = {_key(entry) for entry in entries if CASH in _accounts(entry)}
    orders = _orders(order for order, _back in moved)
    receipts = _receipts(order for order, _back in moved)
    stall_numbers = _values("Stall", (entry["stall"] for entry in entries), "stall_no")
    names = _values("Merchant", (entry["merchant"] for entry in entries), "merchant_name")
    takings: dict[tuple[str, bool], Taking] = {}
    stalls: dict[tuple[str, bool], set[str]] = {}
    for entry in entries:
        key = _key(entry)
        if key not in moved:
            continue
        taking = takings.get(key)
        if taking is None:
            name = names.get(entry["merchant"], entry["merchant"])
            taking = takings[key] = _taking(entry, orders.get(key[0]), receipts.get(key[0], ""), name)
        if entry["stall"]:
            stalls.setdefault(key, set()).add(stall_numbers.get(entry["stall"], entry["stall"]))
        _count(taking, entry)
    for key, taking in takings.items():
        taking.stalls = "、".join(sorted(stalls.get(key, ())))
    return sorted(takings.values(), key=lambda taking: (taking.time, taking.receipt, taking.order))


def _key(entry: dict[str, Any]) -> tuple[str, bool]:
    """The order, and whether money goes back: paid and taken back on one day are two lines."""
    return entry["payment_order"] or entry["name"], entry["entry_type"] in (REFUND, REVERSAL)


def _taking(entry: dict[str, Any], order: Any, receipt: str, merchant: str) -> Taking:
    paid_at = None if order is None or _key(entry)[1] else order.paid_at or order.settled_at
    time = get_datetime(paid_at or entry["creation"])
    channel = terms.CHANNELS.get(order.channel, order.channel) if order else ""
    return Taking(_key(entry)[0], f"{time:%H:%M}", receipt, "", merchant, channel)


def _count(taking: Taking, entry: dict[str, Any]) -> None:
    """Adds an entry to its taking: cash goes to the prepaid balance first, an allocation takes it from there."""
    amount = entry["amount"]
    signed = (
        amount if entry["debit_account"] == CASH else -amount if entry["credit_account"] == CASH else None
    )
    if signed is not None:
        taking.amount += signed
        taking.parts[REST] += signed
        return
    target = next((account for account in _accounts(entry) if account in OF_A_FEE), None)
    if target is None or PREPAID not in _accounts(entry):
        return
    used = amount if entry["debit_account"] == PREPAID else -amount
    part = LATE_FEE if target == LATE_FEE_RECEIVABLE else _PART_OF_TYPE.get(entry["fee_type"], OTHER)
    taking.parts[part] += used
    taking.parts[REST] -= used


_CAUSES = (
    ("新出账单", RECEIVABLE, INCOME),
    ("新增滞纳金", LATE_FEE_RECEIVABLE, LATE_FEE_INCOME),
    ("收回账单", RECEIVABLE, PREPAID),
    ("收回滞纳金", LATE_FEE_RECEIVABLE, PREPAID),
    ("减免账单", RECEIVABLE, WAIVED),
    ("减免滞纳金", LATE_FEE_RECEIVABLE, WAIVED),
)


def _movements(entries: list[dict[str, Any]]) -> list[Movement]:
    found = []
    for label, receivable, other in _CAUSES:
        pair = {receivable, other}
        concerned = [entry for entry in entries if set(_accounts(entry)) == pair]
        if concerned:
            amount = sum((_owed(entry) for entry in concerned), ZERO)
            found.append(Movement(label, len(concerned), amount))
    return found


def _owed(entry: dict[str, Any]) -> Decimal:
    return entry["amount"] if entry["debit_account"] in OF_A_FEE else -entry["amount"]


def _opening(market: str, day: date) -> Decimal:
    """What merchants owed, principal and late fees, when the day began."""
    table = frappe.qb.DocType("Account Entry")
    total = ZERO
    for column, sign in ((table.debit_account, 1), (table.credit_account, -1)):
        query = frappe.qb.from_(table).select(Sum(table.amount))
        query = query.where(
            (table.market == market) & (table.posting_date < day) & column.isin(list(OF_A_FEE))
        )
        total += sign * yuan(query.run()[0][0])
    return total


def _accounts(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["debit_account"], entry["credit_account"]


def _orders(names: Iterable[str]) -> dict[str, Any]:
    rows = frappe.get_all(
        "Market Payment Order",
        filters={"name": ["in", sorted(names) or [""]]},
        fields=["name", "channel", "paid_at", "settled_at"],
    )
    return {row.name: row for row in rows}


def _receipts(orders: Iterable[str]) -> dict[str, str]:
    filters = {"payment_order": ["in", sorted(orders) or [""]]}
    rows = frappe.get_all("Receipt", filters=filters, fields=["name", "payment_order"])
    return {row.payment_order: row.name for row in rows}


def _values(doctype: str, names: Iterable[str | None], fieldname: str) -> dict[str, str]:
    wanted = sorted({name for name in names if name})
    rows = frappe.get_all(doctype, filters={"name": ["in", wanted or [""]]}, fields=["name", fieldname])
    return {row.name: row[fieldname] for row in rows}
