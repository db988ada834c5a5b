"""Steps of the demonstration month, in the order of an office: each calls the service that the API calls.

`make run` plays them to fill the demo site, `make cycle` to prove a month from end to end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import frappe
from market_mgmt.demo.calendar import BILL_DATE, GO_LIVE, HISTORY, PERIOD, at
from market_mgmt.domain.periods import month_of
from market_mgmt.services import billing, readings
from market_mgmt.services.imports import arrears as arrears_import
from market_mgmt.services.imports import merchants as merchants_import
from market_mgmt.services.imports import readings as readings_import
from market_mgmt.services.imports.common import ImportResult

MARKET = "CM"
MARKET_NAME = "澄迈中心菜市场"

Progress = Callable[[int, int], None]


def open_market() -> str:
    """The market itself; everything else comes from the office's files."""
    if not frappe.db.exists("Market", MARKET):
        values = {
            "doctype": "Market",
            "code": MARKET,
            "market_name": MARKET_NAME,
            "address": "海南省澄迈县金江镇文明路 18 号",
            "receipt_title": "澄迈菜篮子市场管理办公室",
        }
        frappe.get_doc(values).insert(ignore_permissions=True)
    return MARKET


def import_form(files: Path, progress: Progress | None = None) -> ImportResult:
    """Stalls, areas, merchants, leases, meters and tariffs from the information collection form."""
    content = (files / "information_collection.xlsx").read_bytes()
    return merchants_import.run(
        *(MARKET, content, "information_collection.xlsx", GO_LIVE),
        dry_run=False,
        progress=_rows_of(progress),
    )


def import_readings(files: Path, period: str, progress: Progress | None = None) -> ImportResult:
    """One month's meter readings, read as of the month's last day or the days after it."""
    content = (files / "readings" / f"{period}.xlsx").read_bytes()
    as_of = max(month_of(period).end, BILL_DATE) if period == PERIOD else month_of(period).end
    return readings_import.run(
        *(MARKET, period, content, f"{period}.xlsx", as_of),
        dry_run=False,
        progress=_rows_of(progress),
    )


def _rows_of(progress: Progress | None) -> Callable[[str, int, int], None] | None:
    """The same bar for every step of an import."""
    return (lambda _step, done, total: progress(done, total)) if progress else None


def confirm_held(period: str, by: str) -> int:
    """The office has looked at the held readings and found them right."""
    held = frappe.get_all(
        "Meter Reading", filters={"market": MARKET, "period": period, "status": "Held"}, pluck="name"
    )
    return readings.confirm(held, by) if held else 0


def import_history(files: Path, by: str, progress: Progress | None = None) -> list[ImportResult]:
    """The eleven months before go-live, which only serve to judge later readings."""
    results = []
    for done, period in enumerate(HISTORY, start=1):
        results.append(import_readings(files, period))
        confirm_held(period, by)
        if progress:
            progress(done, len(HISTORY))
    return results


def import_arrears(files: Path) -> ImportResult:
    """What was owed before the system went live."""
    content = (files / "opening_arrears.xlsx").read_bytes()
    return arrears_import.run(MARKET, content, "opening_arrears.xlsx", GO_LIVE, dry_run=False)


def bill(as_of: date = BILL_DATE) -> tuple[billing.BillRun, int]:
    """Drafts and, reviewed, publishes the bills of the month."""
    run = billing.generate(MARKET, PERIOD, as_of)
    billing.review(run.created, frappe.session.user, at(as_of))
    return run, billing.publish(MARKET, PERIOD, as_of)
