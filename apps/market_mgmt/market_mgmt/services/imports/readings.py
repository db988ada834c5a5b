"""Import of a month's meter readings from the template of `services.reading_template` (or any sheet with its columns)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import frappe
from cn_connect.excel import Table, read_table
from cn_connect.excel_cells import Row, as_code, as_date, at_least, is_blank
from cn_connect.excel_file import WorkbookFault
from cn_connect.excel_headers import Columns
from cn_connect.excel_text import half_width, same_key
from frappe import _
from frappe.utils import getdate
from market_mgmt.domain.billing import plain
from market_mgmt.domain.periods import Period, month_key, month_of
from market_mgmt.services import readings
from market_mgmt.services.imports import journal, stamp
from market_mgmt.services.imports.common import (
    REFUSED,
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
_SHORT = {"Water": ("水", "水费"), "Electricity": ("电", "电费")}
COLUMNS_READ = Columns(
    REQUIRED,
    OPTIONAL,
    units=dict.fromkeys(
        (PREVIOUS, CURRENT), ("吨", "度", "方", "立方", "立方米", "m3", "kwh", "千瓦时", "吨/度", "度/吨")
    ),
    words={
        STALL: ("档口号", "铺位号", "摊号", "摊位编号", "摊位"),
        METER: ("表编号", "表计编号", "水表号", "电表号", "表计号"),
        KIND: ("表类型", "表计类型", "水电类型"),
        PREVIOUS: ("上月读数", "上次读数", "期初读数", "起码"),
        CURRENT: ("本月读数", "本次读数", "期末读数", "读数", "止码"),
        READ_ON: ("日期", "读数日期", "抄表时间"),
    },
)
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
    again = journal.posted_before(source)
    if again:
        return again
    table = read_table(content, SHEET, COLUMNS_READ)
    stamp.check(table, SHEET, market, period)
    _check_months(table, days)
    unread = _leave_out_unread(table)
    states = readings.meter_states(market, period)
    check = _Check(market, days, as_of, states, _recorded(market, period))
    rows = check.all(table, progress)
    with journal.attempted(source, dry_run, confirmation) as attempt:
        recorded = _post(rows, market, period, as_of, states, attempt.document)
        result = attempt.result = judged(table, as_of, dry_run, confirmation, check.unchanged)
        result.unread, result.held = unread, len(recorded.held)
        result.added = {"Meter Reading": len(recorded.created)}
        if result.status == REFUSED:
            result.held = 0
    return result


def _check_months(table: Table, days: Period) -> None:
    """Raises WorkbookFault when a heading names another month than the one that is imported: 本期读数（9月）."""
    heading = table.headings.get(CURRENT, "")
    match = re.search(r"(?:(\d{4})\s*[年./-]\s*)?(\d{1,2})\s*月", half_width(heading))
    if match and (int(match[2]) != days.start.month or int(match[1] or days.start.year) != days.start.year):
        raise WorkbookFault(
            "WRONG_TEMPLATE",
            "The heading {0} names another month than {1}, for which it is imported.",
            *("".join(heading.split()), month_key(days.start)),
        )


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


def period_of(market: str, content: bytes) -> str:
    """The month of the template, else the one in which most of the file's readings were taken.

    Raises WorkbookFault when there is neither, or when readings of the first days of a month may as well end the one
    before.
    """
    table = read_table(content, SHEET, COLUMNS_READ)
    made_for = stamp.read(table)
    if made_for and made_for.period:
        return made_for.period
    found = [row.take(READ_ON, as_date) for row in table.rows]
    months = Counter(month_key(day) for day in found if day)
    if not months:
        raise WorkbookFault("NO_PERIOD", "No row has a reading date, so the period is unknown.")
    month = max(months, key=lambda one: (months[one], one))
    last = readings.days_after_period(market)
    if all(day.day <= last for day in found if day and month_key(day) == month):
        raise WorkbookFault(
            "NO_PERIOD",
            "The readings were taken in the first days of {0}; say which month they are the readings of.",
            month,
        )
    return month


def _recorded(market: str, period: str) -> dict[str, tuple[Decimal, date]]:
    """What the meters of the market showed according to the period's readings, and when they were read."""
    filters = {"market": market, "period": period, "kind": readings.PERIOD, "status": ["!=", readings.VOID]}
    rows = frappe.get_all(
        "Meter Reading", filters=filters, fields=["meter", "current_reading", "reading_date"]
    )
    return {row.meter: (number(row.current_reading), getdate(row.reading_date)) for row in rows}


@dataclass
class _Check:
    """Validates the rows of a sheet against the meters of the market."""

    market: str
    days: Period
    as_of: date
    states: Mapping[str, MeterState]
    recorded: Mapping[str, tuple[Decimal, date]]

    def __post_init__(self) -> None:
        self.unchanged = 0
        self.by_number = {same_key(state.meter_no): state for state in self.states.values()}
        self.last_day = self.days.end + timedelta(days=readings.days_after_period(self.market))

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
        state = self.by_number.get(same_key(meter_no)) if meter_no else None
        if meter_no and state is None:
            row.fault(METER, _("is no active meter of this market"))
        if state:
            self._against_meter(row, state, stall_no, previous)
            if current is not None:
                self._reading(row, state, current, read_on)
        if read_on:
            self._date(row, read_on)
        if row.errors or state is None:
            return None
        return ReadingRow(state.meter, current, read_on)

    def _against_meter(
        self, row: Row, state: MeterState, stall_no: str | None, previous: Decimal | None
    ) -> None:
        place = f"{self.market}-{stall_no}"
        if stall_no and state.stall != place and same_key(state.stall) != same_key(place):
            own = state.stall.removeprefix(f"{self.market}-")
            row.fault(STALL, _("is not where this meter is; it belongs to stall {0}").format(own))
        self._kind(row, state.fee_type)
        if previous is not None and previous != state.previous:
            row.fault(PREVIOUS, _("differs from the system's {0}").format(plain(state.previous)))

    def _kind(self, row: Row, fee_type: str) -> None:
        written, usual = row.values.get(KIND), KINDS.get(fee_type)
        if type(written) is str and written == usual:
            return  # as the template says it
        kind = row.take(KIND, as_code)
        if kind and kind not in (usual, _(fee_type), *_SHORT.get(fee_type, ())):
            row.fault(KIND, _("does not fit; this is a meter for {0}").format(_(fee_type)))

    def _reading(self, row: Row, state: MeterState, current: Decimal, read_on: date | None) -> None:
        stored = self.recorded.get(state.meter)
        # The day is looked at as it will be when the reading is recorded.
        problem = readings.problem(state, current, read_on)
        if problem:
            row.fault(CURRENT, problem)
        elif stored and stored[0] != current:
            reason = _("differs from the reading recorded for this period: {0}")
            row.fault(CURRENT, reason.format(plain(stored[0])))
        elif stored and read_on and stored[1] != read_on:
            row.fault(READ_ON, _("differs from the day recorded for this period: {0}").format(stored[1]))

    def _date(self, row: Row, read_on: date) -> None:
        if not self.days.start <= read_on <= self.last_day:
            row.fault(READ_ON, _("must lie between {0} and {1}").format(self.days.start, self.last_day))
        elif read_on > self.as_of:
            row.fault(READ_ON, _("lies in the future"))


def _post(
    rows: list[ReadingRow],
    market: str,
    period: str,
    as_of: date,
    states: Mapping[str, MeterState],
    document: str | None,
) -> readings.Recorded:
    recorded = readings.record(market, period, rows, as_of, source_import=document, states=states)
    if recorded.rejected or recorded.existing:
        # Every row was checked against the same states; anything else would post half a file.
        frappe.throw(_("The meters changed while the file was being checked; please import it again."))
    return recorded
