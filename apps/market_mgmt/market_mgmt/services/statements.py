"""What a merchant sees of their account: open fees by stall, and the months gone by with payments and receipts."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import yuan
from market_mgmt.domain.collection import Figures
from market_mgmt.services import collection, ledger, red_cards, refunded
from market_mgmt.services.bindings import BoundStall
from market_mgmt.services.rows import number

# More than a stall collects in a lifetime of months; the answer stays bounded whatever happens.
MOST_BILLS = 5000
# Of a bill and of a month: amount + late_fee − waived − late_fee_waived − paid − late_fee_paid = outstanding.
FIGURES = ("amount", "waived", "paid", "late_fee", "late_fee_waived", "late_fee_paid", "outstanding")


def merchants_of(bound: Sequence[BoundStall]) -> list[str]:
    """The merchants a user acts for."""
    return sorted({stall.merchant for stall in bound})


def open_fees(bound: Sequence[BoundStall], as_of: date) -> list[ledger.OpenFeeRow]:
    """What is to be paid for the stalls a user acts for; another tenant's fees of the same stall are not among it."""
    mine = {(stall.merchant, stall.stall) for stall in bound}
    rows = [row for merchant in merchants_of(bound) for row in ledger.open_fees(as_of, merchant=merchant)]
    return [row for row in rows if (row.merchant, row.stall) in mine]


def current(bound: Sequence[BoundStall], as_of: date) -> dict[str, Any]:
    """The open fees by stall with the way each amount came about, red cards, and the prepaid balance."""
    rows = open_fees(bound, as_of)
    lines = _lines([row.name for row in rows])
    carded = red_cards.published_leases([stall.lease for stall in bound])
    stalls = []
    for stall in bound:
        own = [row for row in rows if (row.merchant, row.stall) == (stall.merchant, stall.stall)]
        stalls.append(
            {
                "stall": stall.stall,
                "stall_no": stall.stall_no,
                "market": stall.market,
                "red_card": stall.lease in carded,
                "total_due": sum((row.total for row in own), yuan(0)),
                "fees": [_fee(row, lines.get(row.name, []), as_of) for row in own],
            }
        )
    balances = ledger.prepaid_balances(merchants_of(bound))
    return {"as_of": as_of, "stalls": stalls, "prepaid_balance": sum(balances.values(), yuan(0))}


def _fee(row: ledger.OpenFeeRow, lines: list[dict[str, Any]], as_of: date) -> dict[str, Any]:
    days = row.days_overdue(as_of)
    return {
        "name": row.name,
        "fee_type": row.fee_type,
        "fee_type_label": frappe._(row.fee_type),
        "period": row.period,
        "amount": row.amount,
        "outstanding": row.principal,
        "late_fee": row.late_fee,
        "due_date": row.due_date,
        "days_overdue": max(days, 0),
        "overdue": days > 0,
        "lines": lines,
        "late_fee_lines": list(row.late_fee_lines) if row.late_fee else [],
    }


def _lines(fees: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    result: dict[str, list[dict[str, Any]]] = {}
    fields = ["parent", "description", "quantity", "unit_price", "days", "amount"]
    filters = {"parenttype": "Fee", "parent": ["in", list(fees) or [""]]}
    for line in frappe.get_all("Fee Line", filters=filters, fields=fields, order_by="parent, idx"):
        result.setdefault(line.parent, []).append(
            {
                "description": line.description,
                "quantity": number(line.quantity),
                "unit_price": number(line.unit_price),
                "days": line.days,
                "amount": yuan(line.amount),
            }
        )
    return result


def history(bound: Sequence[BoundStall], start: int, limit: int, year: int | None) -> dict[str, Any]:
    """Bills folded by month, the latest first, with the payments and receipts made in that month; pages by months."""
    months: dict[str, dict[str, Any]] = {}
    for bill in _bills(bound, year):
        month = _month(months, bill["period"])
        month["bills"].append(bill)
        for figure in FIGURES:
            month[figure] += bill[figure]
    for payment in _payments(merchants_of(bound), year):
        _month(months, f"{payment['paid_at']:%Y-%m}")["payments"].append(payment)
    ordered = sorted(months.values(), key=lambda month: month["period"], reverse=True)
    return {"total": len(ordered), "months": ordered[start : start + limit]}


def _month(months: dict[str, dict[str, Any]], period: str) -> dict[str, Any]:
    figures = dict.fromkeys(FIGURES, Decimal("0.00"))
    return months.setdefault(period, {"period": period, **figures, "bills": [], "payments": []})


def _bills(bound: Sequence[BoundStall], year: int | None) -> list[dict[str, Any]]:
    mine = {(stall.merchant, stall.stall): stall.stall_no for stall in bound}
    filters: dict[str, Any] = {
        "merchant": ["in", merchants_of(bound) or [""]],
        "status": ["in", ("Published", "Partly Paid", "Paid", "Waived")],
    }
    if year:
        filters["period"] = ["like", f"{year:04d}-%"]
    fields = ["name", "merchant", "stall", "fee_type", "period", "status", "due_date", "paid_date"]
    rows = [
        row
        for row in frappe.get_all(
            "Fee",
            filters=filters,
            fields=fields,
            order_by="period desc, due_date, name",
            limit=MOST_BILLS,
        )
        if (row.merchant, row.stall) in mine
    ]
    names = [row.name for row in rows]
    principal, late_fees = collection.of_fees(names), collection.late_fees_of(names)
    return [
        {
            "name": row.name,
            "stall_no": mine[row.merchant, row.stall],
            "fee_type": row.fee_type,
            "fee_type_label": frappe._(row.fee_type),
            "period": row.period,
            **_figures(principal[row.name], late_fees[row.name]),
            "status": row.status,
            "due_date": row.due_date,
            "paid_date": row.paid_date,
        }
        for row in rows
    ]


def _figures(principal: Figures, late_fee: Figures) -> dict[str, Decimal]:
    """A waiver is not paid: it stands apart from what was."""
    return {
        "amount": principal.charged,
        "waived": principal.waived,
        "paid": principal.received,
        "late_fee": late_fee.charged,
        "late_fee_waived": late_fee.waived,
        "late_fee_paid": late_fee.received,
        "outstanding": principal.outstanding + late_fee.outstanding,
    }


def _payments(merchants: Sequence[str], year: int | None) -> list[dict[str, Any]]:
    filters: dict[str, Any] = {"merchant": ["in", list(merchants) or [""]], "status": "Paid"}
    if year:
        filters["paid_at"] = [
            "between",
            (datetime(year, 1, 1), datetime(year, 12, 31, 23, 59, 59, 999999)),
        ]
    rows = frappe.get_all(
        "Market Payment Order",
        filters=filters,
        fields=["name", "channel", "amount", "paid_at"],
        order_by="paid_at desc",
        limit=MOST_BILLS,
    )
    receipts = dict(
        frappe.get_all(
            "Receipt",
            filters={"payment_order": ["in", [row.name for row in rows] or [""]]},
            fields=["payment_order", "name"],
            as_list=True,
        )
    )
    gone_back = refunded.of_orders(row.name for row in rows)
    return [
        {
            "payment_order": row.name,
            "channel": row.channel,
            "amount": yuan(row.amount),
            "refunded": gone_back[row.name].amount,
            "paid_at": row.paid_at,
            "receipt": receipts.get(row.name),
        }
        for row in rows
    ]


def receipts(merchants: Sequence[str], start: int, limit: int) -> dict[str, Any]:
    """The receipts of merchants, the latest first."""
    filters = {"merchant": ["in", list(merchants) or [""]]}
    rows = frappe.get_all(
        "Receipt",
        filters=filters,
        fields=["name", "stall", "amount", "issued_at", "status", "payment_order", "verification_code"],
        order_by="issued_at desc, name desc",
        limit_start=start,
        limit=limit,
    )
    gone_back = refunded.of_orders(row.payment_order for row in rows)
    listed = [
        {**row, "amount": yuan(row.amount), "refunded": gone_back[row.payment_order].amount} for row in rows
    ]
    return {"total": frappe.db.count("Receipt", filters), "receipts": listed}


def refunds(merchants: Sequence[str], start: int, limit: int) -> dict[str, Any]:
    """The refunds of merchants, the latest first."""
    filters = {"merchant": ["in", list(merchants) or [""]]}
    fields = ["name", "amount", "channel", "status", "requested_at", "finished_at"]
    rows = frappe.get_all(
        "Refund",
        filters=filters,
        fields=[*fields, "payment_order", "voucher"],
        order_by="requested_at desc, name desc",
        limit_start=start,
        limit=limit,
    )
    listed = [{**row, "amount": yuan(row.amount)} for row in rows]
    return {"total": frappe.db.count("Refund", filters), "refunds": listed}
