"""The workbook that clerks fill in when they read the meters of a month."""

from __future__ import annotations

from datetime import datetime, time

from openpyxl.worksheet.datavalidation import DataValidation

import frappe
from cn_connect.excel_writer import DATE, QUANTITY, TEXT, Column, SheetWriter, new_book, to_bytes
from frappe import _
from market_mgmt.domain.periods import Period, month_of
from market_mgmt.services import readings
from market_mgmt.services.imports.readings import COLUMNS, KINDS, SHEET
from market_mgmt.services.imports.stamp import Stamp
from market_mgmt.services.leases import HELD
from market_mgmt.services.readings import MeterState

_WIDTHS = (12, 14, 8, 13, 13, 14)
_FORMATS = (TEXT, TEXT, None, QUANTITY, QUANTITY, DATE)
_INPUT = (False, False, False, False, True, True)


def build(market: str, period: str) -> bytes:
    """The template of a period: let stalls' meters with the previous reading filled in, the rest locked.

    Meters that have a reading of the period are left out. Raises ValueError for a period that is no month.
    """
    days = month_of(period)
    let = _let_stalls(market, days)
    states = [s for s in readings.meter_states(market, period).values() if s.stall in let and not s.recorded]
    market_name = frappe.db.get_value("Market", market, "market_name")
    columns = [
        Column(header, width, number_format, editable)
        for header, width, number_format, editable in zip(COLUMNS, _WIDTHS, _FORMATS, _INPUT, strict=True)
    ]
    book = new_book()
    heading = _("{0} meter readings {1}").format(market_name, period)
    writer = SheetWriter(book, SHEET, columns, portrait=True, footer=heading)
    writer.title(heading)
    writer.note(_("Fill in the two yellow columns only. A meter that was not read stays empty in both."))
    writer.note(str(Stamp(SHEET, market, period)))
    first = writer.header(freeze=True) + 1
    for state in sorted(states, key=lambda s: (s.stall, s.fee_type != "Water", s.meter_no)):
        writer.line(_line(market, state))
    if states:
        _validate(writer, first, writer.row - 1, days, readings.days_after_period(market))
    writer.lock()
    return to_bytes(book, datetime.combine(days.start, time()))


def _line(market: str, state: MeterState) -> list[object]:
    stall_no = state.stall.removeprefix(f"{market}-")
    return [stall_no, state.meter_no, KINDS.get(state.fee_type), state.previous, None, None]


def _let_stalls(market: str, days: Period) -> set[str]:
    lease_filters = {
        "market": market,
        **HELD,
        "start_date": ["<=", days.end],
        "end_date": [">=", days.start],
    }
    return set(frappe.get_all("Lease", filters=lease_filters, pluck="stall"))


def _validate(writer: SheetWriter, first: int, last: int, days: Period, after: int) -> None:
    reading = DataValidation("decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    reading.error, reading.showErrorMessage = _("A reading is a number, 0 or more."), True
    writer.allow_only(5, first, last, reading)
    start, end = days.start, days.end
    day = DataValidation(
        "date",
        operator="between",
        formula1=f"DATE({start.year},{start.month},{start.day})",
        formula2=f"DATE({end.year},{end.month},{end.day})+{after}",
        allow_blank=True,
    )
    day.error, day.showErrorMessage = _("The date does not belong to the period."), True
    writer.allow_only(6, first, last, day)
