"""The office's files: forms and readings in, templates, receipts and reports out."""

import json
from datetime import date
from typing import Annotated, Any, Literal, cast

import frappe
from cn_connect import api_bounds, clock
from cn_connect.api_errors import refuse
from cn_connect.api_method import Download, api_method
from frappe import _
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.domain.periods import month_of
from market_mgmt.services import receipts, refund_vouchers
from market_mgmt.services.imports import jobs

ADMINISTRATOR, FINANCE, SUPERVISOR = "Market Administrator", "Market Finance", "Market Supervisor"
CLERK, CASHIER, LEADER = "Market Clerk", "Market Cashier", "Market Leader"
# Clerks read meters; who pays what is put in by those who answer for it (domain.md, Roles).
IMPORTERS = [CLERK, FINANCE, SUPERVISOR, ADMINISTRATOR]
KEEPERS = [FINANCE, SUPERVISOR, ADMINISTRATOR]
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READERS = [CASHIER, FINANCE, SUPERVISOR, LEADER, ADMINISTRATOR]


@api_method(methods=["POST"], roles=KEEPERS)
def import_merchants(
    file: str,
    dry_run: bool = True,
    market: str | None = None,
    confirmed: bool = False,
    apply_changes: bool = False,
) -> answers.Named:
    """Starts the import of an uploaded information collection form; `confirmed` lets a supervisor pass many bad rows.

    `apply_changes` lets a supervisor have applied what the form says differently from what is stored; else that is only
    shown (`changes` of the result).
    """
    name = jobs.start(
        *(jobs.MERCHANTS, _market(market), file, clock.now(), dry_run, confirmed),
        apply_changes=apply_changes,
    )
    return {"name": name}


@api_method(methods=["POST"], roles=KEEPERS)
def import_arrears(
    file: str, dry_run: bool = True, market: str | None = None, confirmed: bool = False
) -> answers.Named:
    """Starts the import of what stalls owed before the system was introduced."""
    name = jobs.start(jobs.ARREARS, _market(market), file, clock.now(), dry_run, confirmed)
    return {"name": name}


@api_method(methods=["POST"], roles=IMPORTERS)
def import_readings(
    file: str,
    dry_run: bool = True,
    market: str | None = None,
    period: str | None = None,
    confirmed: bool = False,
) -> answers.Named:
    """Starts the import of a month's meter readings; without `period` the dates in the file decide."""
    if period:
        check_month(period)
    name = jobs.start(jobs.READINGS, _market(market), file, clock.now(), dry_run, confirmed, period)
    return {"name": name}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def confirm_import(name: str, dry_run: bool = False) -> answers.Named:
    """Imports the good rows of a refused Market Import on a supervisor's authority; `dry_run` only shows the bad ones."""
    permissions.require_market(jobs.market_of(name))
    return {"name": jobs.confirm(name, clock.now(), dry_run)}


@api_method(methods=["GET", "POST"], roles=IMPORTERS)
def import_progress(name: str) -> answers.ImportState:
    """How far an import is; when it is done, its figures, errors and the workbook with the rejected rows."""
    state = jobs.progress(name)
    if not state:
        frappe.throw(
            _("There is no import {0}, or it is more than a day old.").format(name), frappe.DoesNotExistError
        )
    permissions.require_market(state["market"])
    return cast(answers.ImportState, state)


@api_method(methods=["GET", "POST"], roles=IMPORTERS)
def reading_template(period: str, market: str | None = None) -> Annotated[None, Download(WORKBOOK)]:
    """The workbook to fill in when reading the meters of a month (the answer is the file itself)."""
    from market_mgmt.services import reading_template as template  # with openpyxl, which is large

    check_month(period)
    place = _market(market)
    _download(f"readings-{place}-{period}.xlsx", template.build(place, period))


@api_method(methods=["GET", "POST"], roles=KEEPERS)
def import_template(
    kind: Literal["merchants", "arrears"], market: str | None = None
) -> Annotated[None, Download(WORKBOOK)]:
    """The empty workbook for a list of merchants or of opening arrears (the answer is the file itself)."""
    from market_mgmt.services import list_templates  # with openpyxl, which is large

    place = _market(market)
    made = list_templates.merchants(place) if kind == jobs.MERCHANTS else list_templates.arrears(place)
    _download(f"{kind}-{place}.xlsx", made)


@api_method(methods=["POST"], roles=READERS)
def receipt_pdf(receipt: str) -> Annotated[None, Download("application/pdf")]:
    """A receipt as PDF for printing (the file itself): the first time the original, then marked as a copy."""
    market = frappe.db.get_value("Receipt", receipt, "market")
    if not market:
        frappe.throw(_("There is no receipt {0}.").format(receipt), frappe.DoesNotExistError)
    permissions.require_market(market)
    _download(f"{receipt}.pdf", receipts.print_for_office(receipt, clock.now()))


@api_method(methods=["POST"], roles=READERS)
def refund_pdf(refund: str) -> Annotated[None, Download("application/pdf")]:
    """The voucher of a refund that has left, as PDF for printing and signing (the file itself)."""
    found = frappe.db.get_value("Refund", refund, ["market", "voucher"], as_dict=True)
    if not found:
        frappe.throw(_("Refund {0} does not exist.").format(refund), frappe.DoesNotExistError)
    permissions.require_market(found.market)
    _download(f"{found.voucher or refund}.pdf", refund_vouchers.render(refund))


@api_method(methods=["GET", "POST"], roles=READERS)
def export_report(
    report: str, filters: dict[str, Any] | str, format: str = "pdf"
) -> Annotated[None, Download("application/octet-stream")]:
    """`daily_journal` (filters: market, day) or `collection` (market, period, as_of) as pdf or xlsx (the file itself)."""
    from market_mgmt.services import reports  # with openpyxl, which is large

    wanted = _filters(filters)
    if format not in ("pdf", "xlsx"):
        refuse(_("A report is exported as pdf or xlsx, with filters as an object."), "INVALID_ARGUMENTS")
    market = _market(wanted.get("market"))
    if report == "daily_journal":
        day = _day("day", wanted.get("day"))
        made, name = reports.daily_journal(market, day, clock.now()), f"journal-{market}-{day}"
    elif report == "collection":
        period = wanted.get("period") or ""
        check_month(period)
        made = reports.collection(market, period, _day("as_of", wanted.get("as_of")), clock.now())
        name = f"collection-{market}-{period}"
    else:
        frappe.throw(_("There is no report {0}.").format(report))
    # The verification code is on the paper now; a GET would roll it back.
    frappe.db.commit()
    _download(f"{name}.{format}", made.pdf if format == "pdf" else made.xlsx)


def _market(market: str | None) -> str:
    """The market asked for, else the only one the user may see."""
    if market:
        permissions.require_market(market)
        return market
    allowed = permissions.markets_of(frappe.session.user)
    found = frappe.get_all("Market", pluck="name", limit=2) if allowed is None else allowed
    if len(found) != 1:
        frappe.throw(_("Please name the market."))
    return found[0]


def check_month(period: str) -> None:
    """Raises ValidationError for what is no month."""
    try:
        month_of(period)
    except ValueError:
        frappe.throw(_("{0} is not a month such as 2026-10.").format(period))


def _filters(given: dict[str, Any] | str) -> dict[str, str]:
    """The filters of a report as texts, given as an object or as its JSON. Raises ValidationError (INVALID_ARGUMENTS)."""
    try:
        wanted = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        wanted = None
    if not isinstance(wanted, dict):
        refuse(_("A report is exported as pdf or xlsx, with filters as an object."), "INVALID_ARGUMENTS")
    for name, value in wanted.items():
        if not isinstance(value, str | None):
            refuse(_("The value of {0} is not of the right type.").format(name), "INVALID_ARGUMENTS")
    return {name: value for name, value in wanted.items() if value}


def _day(name: str, value: str | None) -> date:
    if not value:
        return clock.today()
    try:
        day = date.fromisoformat(value)
    except ValueError:
        refuse(_("{0} is not a day such as 2026-10-31.").format(value), "INVALID_ARGUMENTS")
    api_bounds.check(name, day)
    return day


def _download(name: str, content: bytes) -> None:
    response = frappe.local.response
    response.filename, response.filecontent, response.type = name, content, "download"
