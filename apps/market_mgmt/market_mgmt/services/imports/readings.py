"""Import of a month's meter readings from the template of `services.reading_template` (or any sheet with its columns)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.excel import Table, read_table
from cn_connect.excel_cells import Row, as_code, as_date, at_least
from cn_connect.excel_file import WorkbookFault
from frappe import _
from market_mgmt.domain.billing import plain
from market_mgmt.domain.periods import Period, month_key, month_of
from market_mgmt.services import readings
from market_mgmt.services.imports.common import (
    POSTED,
    REFUSED,
    ImportResult,
    Progress,
    all_or_nothing,
    attach,
    content_key,
    judged,
    refuse_repeats,
)
from market_mgmt.services.readings import MeterState, ReadingRow
from market_mgmt.services.rows import number

SHEET = "抄表"
STALL, METER, KIND, PREVIOUS, CURRENT, READ_ON = "摊位号", "表号", "类型", "上期读数", "本期读数", "抄表日期"
REQUIRED = (STALL, METER, CURRENT, READ_ON)
OPTIONAL = (KIND, PREVIOUS)
COLUMNS = (STALL, METER, KIND, PREVIOUS, CURRENT, READ_ON)
KINDS = {"Water": "水表", "Electricity": "电表"}
# Dials are read over several days; a few may come after the month has ended.
DAYS_AFTER_PERIOD = 5
DOCTYPE = "Meter Reading Import"
_PROGRESS_STEP = 200


def run(
    market: str,
    period: str,
    content: bytes,
    file_name: str,
    as_of: date,
    dry_run: bool,
    confirmed_by: str | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Checks the readings of a period and, unless `dry_run`, posts the good rows in one transaction.

    A file that was posted before adds nothing. Raises WorkbookFault when the file as a whole is unusable, ValueError
    for a period that is no month, PermissionError for a confirmation by no supervisor.
    """
    days = month_of(period)
    key = content_key(content)
    earlier = frappe.db.get_value(
        DOCTYPE,
        {"import_key": _import_key(market, key)},
        ["name", "status", "rows", "accepted", "rejected", "held"],
        as_dict=True,
    )
    if earlier and earlier.status == POSTED:
        return ImportResult(
            POSTED,
            earlier.rows,
            earlier.accepted,
            earlier.rejected,
            earlier.held,
            repeated=True,
            document=earlier.name,
        )
    table = read_table(content, SHEET, REQUIRED, OPTIONAL)
    states = readings.meter_states(market, period)
    rows = _Check(market, days, as_of, states, _recorded(market, period)).all(table, progress)
    result = judged(table, as_of, dry_run, confirmed_by)
    if dry_run:
        return result
    with all_or_nothing("import_readings"):
        document = _document(earlier, market, period, file_name, key)
        result.document = document.name
        if result.status == POSTED:
            _post(result, rows, market, period, as_of, states)
        _close(document, result, confirmed_by)
    return result


def period_of(content: bytes) -> str:
    """The month in which most of the file's readings were taken. Raises WorkbookFault when there is no date."""
    table = read_table(content, SHEET, REQUIRED, OPTIONAL)
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


def _import_key(market: str, key: str) -> str:
    return f"{market}|{key}"


@dataclass
class _Check:
    """Validates the rows of a sheet against the meters of the market."""

    market: str
    days: Period
    as_of: date
    states: Mapping[str, MeterState]
    recorded: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        self.by_number = {state.meter_no: state for state in self.states.values()}

    def all(self, table: Table, progress: Progress | None) -> list[ReadingRow]:
        """The good rows that are new; faults are noted in the bad ones."""
        found: list[tuple[Row, ReadingRow | None]] = []
        for done, row in enumerate(table.rows, start=1):
            found.append((row, self._row(row)))
            if progress and (done % _PROGRESS_STEP == 0 or done == len(table.rows)):
                progress(done, len(table.rows))
        refuse_repeats(
            [row for row, _r in found], METER, [read.meter if read else None for _row, read in found]
        )
        return [read for row, read in found if read and not row.errors and read.meter not in self.recorded]

    def _row(self, row: Row) -> ReadingRow | None:
        stall_no = row.take(STALL, as_code, required=True)
        meter_no = row.take(METER, as_code, required=True)
        current = row.take(CURRENT, at_least(0), required=True)
        previous = row.take(PREVIOUS, at_least(0))
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
        if kind and kind not in (KINDS.get(state.fee_type), _(state.fee_type)):
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


def _document(earlier: Any, market: str, period: str, file_name: str, key: str) -> Any:
    if earlier:
        return frappe.get_doc(DOCTYPE, earlier.name, for_update=True)
    document = frappe.new_doc(DOCTYPE)
    document.update(
        {
            "market": market,
            "period": period,
            "file_name": file_name[:140],
            "content_hash": key,
            "import_key": _import_key(market, key),
            "status": REFUSED,
        }
    )
    return document.insert(ignore_permissions=True)


def _close(document: Any, result: ImportResult, confirmed_by: str | None) -> None:
    document.update(
        {
            "status": result.status,
            "rows": result.rows,
            "accepted": result.accepted,
            "rejected": result.rejected,
            "held": result.held,
            "confirmed_by": confirmed_by,
        }
    )
    if result.error_workbook:
        document.error_workbook = attach(
            result.error_workbook, f"{document.name}-errors.xlsx", DOCTYPE, document.name
        )
    document.save(ignore_permissions=True)
