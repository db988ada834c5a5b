"""Import of a month's meter readings from the template of `services.reading_template` (or any sheet with its columns)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import frappe
from cn_connect.excel import Table, read_table
from cn_connect.excel_cells import Row, as_code, as_date, at_least, is_blank
from cn_connect.excel_file import WorkbookFault
from frappe import _
from market_mgmt.domain.billing import plain
from market_mgmt.domain.periods import Period, month_key, month_of
from market_mgmt.services import readings
from market_mgmt.services.imports import journal, stamp
from market_mgmt.services.imports.common import (
    POSTED,
    Confirmation,
    ImportResult,
    Progress,
    checked,
    judged,
    refuse_repeats,
)
from market_mgmt.services.imports.journal import Source
from market_mgmt.services.readings import MeterState, ReadingRow
from market_mgmt.services.rows import number, uncollected

SHEET = "抄表"
STALL, METER, KIND, PREVIOUS, CURRENT, READ_ON = "摊位号", "表号", "类型", "上期读数", "本期读数", "抄表日期"
REQUIRED = (STALL, METER, CURRENT, READ_ON)
OPTIONAL = (KIND, PREVIOUS)
COLUMNS = (STALL, METER, KIND, PREVIOUS, CURRENT, READ_ON)
KINDS = {"Water": "水表", "Electricity": "电表"}
# Dials are read over several days; a few may come after the month has ended.
DAYS_AFTER_PERIOD = 5
_A_READING = at_least(0)


@uncollected()
def run(
    market: str,
    period: str,
    content: bytes,
    file_name: str,
    as_of: date,
    dry_run: bool,
    confirmation: Confirmation | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Checks the readings of a period and, unless `dry_run`, posts the good rows in one transaction.

    A file that was posted before adds nothing. Raises WorkbookFault when the file as a whole is unusable, ValueError
    for a period that is no month, PermissionError for a confirmation by no supervisor.
    """
    days = month_of(period)
    source = Source(journal.READINGS, market, content, file_name, period)
    again = journal.posted_before(source, dry_run)
    if again:
        return again
    table = read_table(content, SHEET, REQUIRED, OPTIONAL)
    stamp.check(table, SHEET, market, period)
    unread = _leave_out_unread(table)
    states = readings.meter_states(market, period)
    check = _Check(market, days, as_of, states, _recorded(market, period))
    rows = check.all(table, progress)
    result = judged(table, as_of, dry_run, confirmation, check.unchanged)
    result.unread = unread
    if dry_run:
        result.held = _to_be_held(market, period, rows, states)
        return result
    with journal.recorded(source, result, confirmation):
        if result.status == POSTED:
            _post(result, rows, market, period, as_of, states)
    return result


def _leave_out_unread(table: Table) -> int:
    """Takes out the rows in which nothing was filled in: nobody has read these meters yet. Returns how many.

    Raises WorkbookFault when nothing at all was filled in.
    """
    filled = [row for row in table.rows if any(not is_blank(row.values[name]) for name in (CURRENT, READ_ON))]
    if not filled:
        raise WorkbookFault("NO_ROWS", "No reading was filled in in the sheet {0}.", table.sheet)
    unread = len(table.rows) - len(filled)
    table.rows = filled
    return unread


def _to_be_held(market: str, period: str, rows: list[ReadingRow], states: Mapping[str, MeterState]) -> int:
    """How many of the new readings a clerk would have to confirm."""
    judged_as = (
        readings.reading_values(market, period, row, states[row.meter], readings.PERIOD) for row in rows
    )
    return sum(values["status"] == readings.HELD for values in judged_as)


def period_of(content: bytes) -> str:
    """The month of the template, else the one in which most of the file's readings were taken.

    Raises WorkbookFault when there is neither.
    """
    table = read_table(content, SHEET, REQUIRED, OPTIONAL)
    made_for = stamp.read(table)
    if made_for and made_for.period:
        return made_for.period
    months: Counter[str] = Counter()
    for row in table.rows:
        day = row.take(READ_ON, as_date)
        if day:
            months[month_key(day)] += 1
    if not months:
        raise WorkbookFault("NO_PERIOD", "No row has a reading date, so the period is unknown.")
    return max(months, key=lambda month: (months[month], month))


def _recorded(market: str, period: str) -> dict[str, Decimal]:
    """What the meters of the market showed according to the period's readings."""
    filters = {"market": market, "period": period, "kind": readings.PERIOD, "status": ["!=", readings.VOID]}
    rows = frappe.get_all("Meter Reading", filters=filters, fields=["meter", "current_reading"])
    return {row.meter: number(row.current_reading) for row in rows}


@dataclass
class _Check:
    """Validates the rows of a sheet against the meters of the market."""

    market: str
    days: Period
    as_of: date
    states: Mapping[str, MeterState]
    recorded: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        self.unchanged = 0
        self.by_number = {state.meter_no: state for state in self.states.values()}

    def all(self, table: Table, progress: Progress | None) -> list[ReadingRow]:
        """The good rows that are new; faults are noted in the bad ones."""
        found = checked(table, self._row, progress)
        refuse_repeats(table.rows, METER, [read.meter if read else None for read in found])
        good = [read for row, read in zip(table.rows, found, strict=True) if read and not row.errors]
        fresh = [read for read in good if read.meter not in self.recorded]
        self.unchanged = len(good) - len(fresh)
        return fresh

    def _row(self, row: Row) -> ReadingRow | None:
        stall_no = row.take(STALL, as_code, required=True)
        meter_no = row.take(METER, as_code, required=True)
        current = row.take(CURRENT, _A_READING, required=True)
        previous = row.take(PREVIOUS, _A_READING)
        read_on = row.take(READ_ON, as_date, required=True)
        state = self.by_number.get(meter_no) if meter_no else None
        if meter_no and state is None:
            row.fault(METER, _("is no active meter of this market"))
        if state:
            self._against_meter(row, state, stall_no, previous, current)
        if read_on:
            self._date(row, read_on)
        if row.errors or state is None:
            return None
        return ReadingRow(state.meter, current, read_on)

    def _against_meter(
        self,
        row: Row,
        state: MeterState,
        stall_no: str | None,
        previous: Decimal | None,
        current: Decimal | None,
    ) -> None:
        if stall_no and state.stall != f"{self.market}-{stall_no}":
            own = state.stall.removeprefix(f"{self.market}-")
            row.fault(STALL, _("is not where this meter is; it belongs to stall {0}").format(own))
        kind = row.take(KIND, as_code)
        if kind and kind != KINDS.get(state.fee_type) and kind != _(state.fee_type):
            row.fault(KIND, _("does not fit; this is a meter for {0}").format(_(state.fee_type)))
        if previous is not None and previous != state.previous:
            row.fault(PREVIOUS, _("differs from the system's {0}").format(plain(state.previous)))
        problem = readings.problem(state, current) if current is not None else None
        if problem:
            row.fault(CURRENT, problem)
        elif current is not None and self.recorded.get(state.meter, current) != current:
            row.fault(
                CURRENT,
                _("differs from the reading recorded for this period: {0}").format(
                    plain(self.recorded[state.meter])
                ),
            )

    def _date(self, row: Row, read_on: date) -> None:
        last = self.days.end + timedelta(days=DAYS_AFTER_PERIOD)
        if not self.days.start <= read_on <= last:
            row.fault(READ_ON, _("must lie between {0} and {1}").format(self.days.start, last))
        elif read_on > self.as_of:
            row.fault(READ_ON, _("lies in the future"))


def _post(
    result: ImportResult,
    rows: list[ReadingRow],
    market: str,
    period: str,
    as_of: date,
    states: Mapping[str, MeterState],
) -> None:
    recorded = readings.record(market, period, rows, as_of, source_import=result.document, states=states)
    if recorded.rejected or recorded.existing:
        # Every row was checked against the same states; anything else would post half a file.
        frappe.throw(_("The meters changed while the file was being checked; please import it again."))
    result.held = len(recorded.held)
    result.added = {"Meter Reading": len(recorded.created)}
