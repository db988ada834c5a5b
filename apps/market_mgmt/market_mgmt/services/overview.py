"""The start page's figures: per market the latest billed month, and which parts of the system are running."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from urllib.parse import quote

import frappe
from cn_connect.money import format_yuan, yuan
from frappe import _
from frappe.utils import get_datetime
from market_mgmt.permissions import STAFF_ROLES, UNLIMITED_ROLES, markets_of
from market_mgmt.services import collection, refunded

HEARTBEAT = timedelta(minutes=5)


@dataclass(frozen=True)
class Service:
    """One part of the system: `state` is up, down or unknown."""

    label: str
    state: str
    note: str


@dataclass(frozen=True)
class Link:
    label: str
    pdf: str
    xlsx: str


def is_staff(user: str) -> bool:
    """Does this user hold any role of the office?"""
    return user == "Administrator" or bool(set(frappe.get_roles(user)) & (STAFF_ROLES | UNLIMITED_ROLES))


def services(now: datetime) -> list[Service]:
    """What runs: the processes that `bench start` recorded if it started them, and the last scheduled job."""
    return [*_processes(), _scheduled(now)]


def _processes() -> list[Service]:
    state = Path(frappe.get_site_path(".runtime.json"))
    if not state.is_file():
        return [Service(_("Web server"), "up", _("running"))]
    labels = {"web": _("Web server"), "scheduler": _("Scheduler"), "simulators": _("Gateway simulators")}
    found: dict[str, Service] = {}
    for name, pid in json.loads(state.read_text())["processes"].items():
        label = _("Worker") if name.startswith("worker") else labels.get(name, name)
        alive = Path(f"/proc/{pid}").exists()
        found.setdefault(
            label, Service(label, "up" if alive else "down", _("running") if alive else _("stopped"))
        )
    return list(found.values())


def _scheduled(now: datetime) -> Service:
    last = frappe.get_all("Scheduled Job Log", fields=["creation"], order_by="creation desc", limit=1)
    if not last:
        return Service(_("Scheduled jobs"), "unknown", _("not run yet"))
    moment = get_datetime(last[0].creation)
    state = "up" if now - moment < HEARTBEAT else "down"
    return Service(_("Scheduled jobs"), state, _("last run {0}").format(moment.strftime("%Y-%m-%d %H:%M")))


def markets(everything: bool, today: date) -> list[frappe._dict]:
    """Name and figures of the caller's markets, or of all of them."""
    allowed = None if everything else markets_of(frappe.session.user)
    filters = {} if allowed is None else {"name": ("in", allowed)}
    rows = frappe.get_all("Market", filters=filters, fields=["name", "market_name"], order_by="name")
    return [frappe._dict(row, **_figures(row.name, today)) for row in rows]


def latest_receipts(limit: int) -> list[frappe._dict]:
    """The last receipts of the caller's markets, newest first."""
    allowed = markets_of(frappe.session.user)
    filters = {} if allowed is None else {"market": ("in", allowed)}
    receipts = frappe.get_all(
        "Receipt",
        filters=filters,
        fields=["name", "stall", "issued_at", "amount", "status", "payment_order"],
        order_by="issued_at desc, name desc",
        limit=limit,
    )
    gone_back = refunded.of_orders(receipt.payment_order for receipt in receipts)
    for receipt in receipts:
        gone = gone_back[receipt.payment_order].amount
        receipt.since = _("void") if receipt.status == "Void" else _refunded(gone) if gone else ""
        receipt.stall_no = frappe.db.get_value("Stall", receipt.stall, "stall_no") if receipt.stall else ""
        receipt.amount = format_yuan(yuan(receipt.amount))
        receipt.issued_at = get_datetime(receipt.issued_at).strftime("%Y-%m-%d %H:%M")
        receipt.url = f"/api/method/market_mgmt.api.staff.receipt_pdf?receipt={receipt.name}"
    return receipts


def _refunded(amount: Decimal) -> str:
    return _("¥{0} of it has been refunded").format(format_yuan(amount))


def _figures(market: str, today: date) -> dict[str, object]:
    period = frappe.db.get_value(
        "Fee",
        {"market": market, "source": "Generated", "status": ("not in", ("Draft", "Reviewed", "Reversed"))},
        "max(period)",
    )
    if not period:
        return {"period": "", "period_label": "", "reports": []}
    found = collection.of_period(market, period, today)
    return {
        "period": period,
        "period_label": _("Bills of {0}").format(period),
        "billed": format_yuan(found.of_period.charged),
        "waived": format_yuan(found.of_period.waived),
        "received": format_yuan(found.of_period.received),
        "rate": _percent(found.of_period.rate),
        "due_rate": _percent(found.due_in_month.rate),
        "overdue": format_yuan(found.overdue),
        "in_arrears": found.stalls_in_arrears,
        "stalls": frappe.db.count("Stall", {"market": market}),
        "red_cards": frappe.db.count("Red Card", {"market": market, "status": "Published"}),
        "reports": _reports(market, period),
    }


def _percent(rate: Decimal | None) -> str:
    """0.93255 as 93.3%; a rate of nothing is a dash."""
    return "—" if rate is None else f"{(rate * 100).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def _reports(market: str, period: str) -> list[Link]:
    last = frappe.db.get_value("Receipt", {"market": market}, "max(issued_at)")
    day = (get_datetime(last) if last else get_datetime(f"{period}-01")).strftime("%Y-%m-%d")
    wanted = (
        (_("Daily journal"), "daily_journal", {"market": market, "day": day}),
        (_("Collection analysis"), "collection", {"market": market, "period": period}),
    )
    links = []
    for label, report, filters in wanted:
        query = f"report={report}&filters={quote(frappe.as_json(filters, indent=0))}"
        base = f"/api/method/market_mgmt.api.staff.export_report?{query}"
        links.append(Link(label, f"{base}&format=pdf", f"{base}&format=xlsx"))
    return links
