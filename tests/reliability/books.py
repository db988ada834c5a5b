"""What a merchant's books say, as records that can be compared with those of another market: names made relative."""

from __future__ import annotations

from collections import Counter
from typing import Any

import frappe
from cn_connect.money import yuan
from market_mgmt.services import ledger
from market_mgmt.tests.factories import Shop

Record = tuple[Any, ...]

# What is compared of each DocType, besides how many there are.
_COMPARED = {
    "Account Entry": (
        *("entry_type", "debit_account", "credit_account", "amount", "fee", "posting_date", "value_date"),
        "voucher_type",
    ),
    "Fee": ("name", "status", "outstanding", "late_fee", "late_fee_posted", "paid_date"),
    "Market Payment Order": ("status", "channel", "amount", "paid_at", "settled_at"),
    "Receipt": ("number", "status", "amount", "issued_at"),
    "Refund": ("status", "amount", "sent_at", "finished_at", "voucher_number"),
    "Red Card": ("status", "lifted_at"),
    "Dunning Notice": ("level", "channel", "state"),
}
_AMOUNTS = ("amount", "outstanding", "late_fee", "late_fee_posted", "principal")


def books(shop: Shop) -> Counter[Record]:
    """Every record that a payment or a refund of this shop's merchant could write, and how often it is there."""
    found: Counter[Record] = Counter([("Balance", ledger.prepaid_balance(shop.merchant))])
    for doctype, fields in _COMPARED.items():
        rows = frappe.get_all(doctype, {"merchant": shop.merchant}, ["name as id", *fields])
        found.update((doctype, *_values(shop, row, fields)) for row in rows)
        found.update(_belonging(shop, doctype, [row.id for row in rows]))
    fields = _COMPARED["Account Entry"]
    nobody_s = {"market": shop.market, "entry_type": "Cash Over/Short"}
    rows = frappe.get_all("Account Entry", nobody_s, list(fields))
    found.update(("Account Entry", *_values(shop, row, fields)) for row in rows)
    for row in frappe.get_all("Cashier Session", {"market": shop.market}, ["status", "difference"]):
        found["Cashier Session", row.status, yuan(row.difference)] += 1
    counters = frappe.get_all("Receipt Counter", {"market": shop.market}, ["series", "year", "last_number"])
    found.update(("Receipt Counter", row.series, row.year, row.last_number) for row in counters)
    return found


def _belonging(shop: Shop, doctype: str, names: list[str]) -> list[Record]:
    """What hangs on documents: lines, seals, messages, alarms."""
    records: list[Record] = []
    if doctype == "Receipt" and names:
        fields = ("purpose", "fee", "principal", "late_fee", "amount")
        lines = frappe.get_all("Receipt Line", {"parent": ["in", names]}, list(fields))
        records += [("Receipt Line", *_values(shop, line, fields)) for line in lines]
        seals = frappe.get_all("Sealed Document", {"reference": ["in", names]}, ["kind", "void"])
        records += [("Sealed Document", seal.kind, seal.void) for seal in seals]
    if doctype == "Dunning Notice" and names:
        fields = ("channel", "template", "state", "error_code", "attempts")
        messages = frappe.get_all("Outbox Message", {"reference_name": ["in", names]}, list(fields))
        records += [("Outbox Message", *message.values()) for message in messages]
    if doctype in ("Market Payment Order", "Refund"):
        for name in names:
            logged = frappe.get_all("Error Log", {"error": ["like", f"%{name}%"]}, pluck="method")
            records += [("Error Log", title) for title in logged]
    return records


def _values(shop: Shop, row: Any, fields: tuple[str, ...]) -> list[Any]:
    return [_relative(shop, field, row[field]) for field in fields]


def _relative(shop: Shop, field: str, value: Any) -> Any:
    """Amounts as exact yuan; a fee without its lease's name."""
    if field in _AMOUNTS:
        return yuan(value)
    if isinstance(value, str):
        return value.replace(f"{shop.lease}-", "")
    return value


def told(records: Counter[Record], line: str) -> bool:
    """Whether exactly one record reads like this: its DocType and its first values, in the order compared."""
    readings = [" ".join(map(str, record)) for record in records.elements()]
    return sum(f"{reading} ".startswith(f"{line} ") for reading in readings) == 1
