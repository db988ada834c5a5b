"""Meter readings: what a meter showed at the end of a period, checked, held or accepted, and confirmed by a clerk.

A reading of kind Period ends a period. In between there may be others (`meter_changes`): Handover when a stall changes
hands, Replacement when the dial is changed. Each reading is one segment: from the reading before, to itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

import frappe
from cn_connect.bulk import bulk_insert
from frappe import _
from market_mgmt.domain.billing import HISTORY_PERIODS, consumption, reading_status
from market_mgmt.domain.periods import month_key, month_of, months_back
from market_mgmt.services.rows import chunks, lock, number

NORMAL, HELD, CONFIRMED, VOID = "Normal", "Held", "Confirmed", "Void"
BILLABLE = (NORMAL, CONFIRMED)
PERIOD, HANDOVER, REPLACEMENT = "Period", "Handover", "Replacement"


class Meter(NamedTuple):
    """A meter, as far as its readings depend on it."""

    name: str
    meter_no: str
    stall: str
    fee_type: str
    digits: int
    multiplier: float
    initial_reading: float


class Stored(NamedTuple):
    """A reading as it is stored."""

    name: str
    meter: str
    period: str
    reading_date: date
    kind: str
    status: str
    current_reading: float
    next_reading: float
    consumption: float

    @property
    def stood_at(self) -> float:
        """Where the meter stood afterwards: a new dial begins where it was put in."""
        return self.next_reading if self.kind == REPLACEMENT else self.current_reading


class ReadingRow(NamedTuple):
    """What was read from one meter. `meter` is the document's name."""

    meter: str
    current: Decimal
    reading_date: date


class MeterState(NamedTuple):
    """A meter before the reading that ends a period: where it stood, and what it used in the periods before, latest last.

    `so_far` is what it used since the period began, by readings in between; `last_date` the day of the last reading;
    `voided` how often the reading that ends the period was taken back; `unended` an earlier period in which the dial
    was replaced and that no reading ended.
    """

    meter: str
    meter_no: str
    stall: str
    fee_type: str
    digits: int
    multiplier: Decimal
    previous: Decimal
    history: tuple[Decimal, ...]
    has_later: bool
    recorded: bool
    so_far: Decimal = Decimal(0)
    last_date: date | None = None
    voided: int = 0
    unended: str | None = None


@dataclass
class Recorded:
    """What became of the rows of one import."""

    created: list[str] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)


def meter_states(market: str, period: str) -> dict[str, MeterState]:
    """Every active meter of a market as it stands before `period`, by the meter's name.

    Years of readings are not read for three months: older ones only of meters whose history the months before do not
    hold, as they were held, or the stall stood empty.
    """
    since = month_key(months_back(month_of(period).start, HISTORY_PERIODS))
    active = {"market": market, "status": "Active"}
    rows = frappe.get_all("Meter", filters=active, fields=list(Meter._fields), order_by="name", as_list=True)
    meters = {row[0]: Meter._make(row) for row in rows}
    recent = _of_market(market, since)
    states = {name: state_of(meter, recent.get(name, ()), period) for name, meter in meters.items()}
    if frappe.db.exists("Meter Reading", {"market": market, "period": ["<", since]}):
        short = [name for name, state in states.items() if len(state.history) < HISTORY_PERIODS]
        for piece in chunks(short):
            for name, older in stored(piece, before=since).items():
                states[name] = state_of(meters[name], older + recent.get(name, []), period)
    return states


def days_after_period(market: str) -> int:
    """How many days after a period's end its readings may be dated: dials are read over several days, and after a holiday."""
    return int(frappe.get_cached_value("Market", market, "reading_days_after") or 0)


def _of_market(market: str, since: str) -> dict[str, list[Stored]]:
    """What `stored` gives for all meters of a market, from the month `since` on."""
    reading = frappe.qb.DocType("Meter Reading")
    query = _select(reading).where((reading.market == market) & (reading.period >= since))
    found: dict[str, list[Stored]] = {}
    several: set[str] = set()
    # A meter has one reading that counts in most months: databases take far longer to order them.
    for row in sorted(map(Stored._make, query.run()), key=attrgetter("period")):
        found.setdefault(row.meter, []).append(row)
        if row.kind != PERIOD:
            several.add(row.meter)
    for piece in chunks(several):
        found |= stored(piece, since=since)
    return found


def stored(
    meters: Sequence[str], since: str | None = None, before: str | None = None
) -> dict[str, list[Stored]]:
    """The readings of meters, also voided ones, by meter; of the months from `since` on, or `before` one.

    Oldest first, and within a period by `ends_period`.
    """
    reading = frappe.qb.DocType("Meter Reading")
    query = _select(reading).where(reading.meter.isin(list(meters)))
    query = query.where(reading.period >= since) if since else query
    query = query.where(reading.period < before) if before else query
    query = query.orderby(reading.reading_date).orderby(reading.creation)
    found: dict[str, list[Stored]] = {}
    for row in sorted(map(Stored._make, query.run()), key=lambda row: (row.period, ends_period(row))):
        found.setdefault(row.meter, []).append(row)
    return found


def ends_period(reading: Any) -> bool:
    """What a reading is ordered by within its period: the one that ends it comes last, also when a handover on its day
    was entered later."""
    return bool(reading.kind == PERIOD)


def _select(reading: Any) -> Any:
    return frappe.qb.from_(reading).select(*(reading[field] for field in Stored._fields))


def state_of(meter: Meter, readings: Sequence[Stored], period: str) -> MeterState:
    """The state of a meter from its readings, oldest first, before the one that ends `period`."""
    last: Stored | None = None
    used: dict[str, Decimal] = {}
    so_far, has_later, recorded, voided = Decimal(0), False, False, 0
    for row in readings:
        month, status = row.period, row.status
        if status == VOID:
            voided += month == period and row.kind == PERIOD
        elif month < period:
            last = row
            if status in BILLABLE:
                units = number(row.consumption)
                used[month] = used[month] + units if month in used else units
        elif month > period:
            has_later = True
        elif row.kind == PERIOD:
            recorded = True
        else:
            last = row
            so_far += number(row.consumption)
    return MeterState(
        meter=meter.name,
        meter_no=meter.meter_no,
        stall=meter.stall,
        fee_type=meter.fee_type,
        digits=meter.digits,
        multiplier=number(meter.multiplier),
        previous=number(last.stood_at if last else meter.initial_reading),
        history=tuple(used.values())[-HISTORY_PERIODS:],
        has_later=has_later,
        recorded=recorded,
        so_far=so_far,
        last_date=last.reading_date if last else None,
        voided=voided,
        unended=last.period if last and last.kind == REPLACEMENT and last.period < period else None,
    )


def name_of(meter: str, what: str, voided: int) -> str:
    """A reading's name: the meter, which reading of it, and a number if others of that name were voided."""
    return f"{meter}-{what}-{voided + 1}" if voided else f"{meter}-{what}"


def problem(state: MeterState | None, current: Decimal, read_on: date | None = None) -> str | None:
    """Why a reading cannot be recorded, for the person who sent it; None if it can."""
    if state is None:
        return _("No active meter of this market.")
    if read_on and state.last_date and read_on < state.last_date:
        return _("Meter {0} was read on {1} already; this reading is older.").format(
            state.meter_no, state.last_date
        )
    if state.unended:
        # That period's bill waits for its reading, and no other bill has what the old dial showed.
        return _("The dial of meter {0} was replaced in {1}; enter the reading of that month first.").format(
            state.meter_no, state.unended
        )
    if state.has_later:
        return _("Meter {0} already has a reading of a later period.").format(state.meter_no)
    try:
        consumption(state.previous, current, state.digits, state.multiplier)
    except ValueError:
        return _("Meter {0} has {1} digits and cannot show {2}.").format(
            state.meter_no, state.digits, current
        )
    return None


def record(
    market: str,
    period: str,
    rows: Iterable[ReadingRow],
    as_of: date,
    source_import: str | None = None,
    states: Mapping[str, MeterState] | None = None,
) -> Recorded:
    """Record the readings of a period. A meter that has one already is left alone, so repeating adds nothing.

    Rows that cannot be recorded are returned as rejected with the reason; the others are Normal or Held.
    `states` saves reading the meters again when the caller has just done so.
    """
    lock("Market", [market])
    states = meter_states(market, period) if states is None else states
    result, fresh, seen = Recorded(), [], set()
    for row in rows:
        state = states.get(row.meter)
        if row.meter in seen or (state and state.recorded):
            result.existing.append(row.meter)
            continue
        reason = _("The reading is dated in the future.") if row.reading_date > as_of else None
        reason = reason or problem(state, row.current, row.reading_date)
        if reason or state is None:
            result.rejected.append((row.meter, reason or ""))
            continue
        seen.add(row.meter)
        fresh.append(_reading(market, period, row, state, source_import))
    result.created = bulk_insert("Meter Reading", fresh)
    for name, reading in zip(result.created, fresh, strict=True):
        if reading["status"] == HELD:
            result.held.append((name, str(reading["hold_reason"])))
    return result


def _reading(
    market: str, period: str, row: ReadingRow, state: MeterState, source_import: str | None
) -> dict[str, object]:
    values = reading_values(market, period, row, state, PERIOD)
    values |= {"name": name_of(row.meter, period, state.voided), "source_import": source_import}
    return values


def reading_values(
    market: str, period: str, row: ReadingRow, state: MeterState, kind: str
) -> dict[str, object]:
    """The columns of a reading: its consumption since the one before, and whether a clerk must confirm it.

    What ends a period is judged by the consumption of the whole period.
    """
    units, rolled_over = consumption(state.previous, row.current, state.digits, state.multiplier)
    judged = state.so_far + units if kind == PERIOD else units
    status, reason = reading_status(judged, state.history, rolled_over)
    if kind != PERIOD and judged == 0:
        status, reason = NORMAL, ""  # a stall that stood empty until it was handed over used nothing
    return {
        "market": market,
        "meter": row.meter,
        "meter_no": state.meter_no,
        "multiplier": float(state.multiplier),
        "stall": state.stall,
        "period": period,
        "kind": kind,
        "reading_date": row.reading_date,
        "previous_reading": float(state.previous),
        "current_reading": float(row.current),
        "consumption": float(units),
        "rolled_over": int(rolled_over),
        "status": status,
        "hold_reason": _(reason) if reason else None,
    }


def confirm(names: Sequence[str], by: str) -> int:
    """A clerk vouches for held readings, which makes them billable. Returns how many; others stay as they are.

    Raises DoesNotExistError when one of the names is no reading.
    """
    found = lock("Meter Reading", names, ("name", "status"))
    missing = sorted(set(names) - set(found))
    if missing:
        frappe.throw(_("Meter reading {0} does not exist.").format(missing[0]), frappe.DoesNotExistError)
    held = [name for name, row in found.items() if row.status == HELD]
    for name in held:
        frappe.db.set_value("Meter Reading", name, {"status": CONFIRMED, "confirmed_by": by})
    return len(held)


def void(name: str, reason: str) -> None:
    """Take back a wrong reading that was not billed, so that the meter can be read again for that period.

    Raises ValidationError when a later reading or a bill already builds on it.
    """
    fields = ("name", "meter", "period", "kind", "status", "creation")
    row = lock("Meter Reading", [name], fields).get(name)
    if not row or row.status == VOID:
        frappe.throw(_("Meter reading {0} does not exist.").format(name), frappe.DoesNotExistError)
    others = {"meter": row.meter, "status": ["!=", VOID]}
    later = frappe.db.exists("Meter Reading", {**others, "period": [">", row.period]})
    if row.kind != PERIOD:
        # The one that ends the period goes on from this one also when it was entered first and split.
        within = {**others, "period": row.period, "name": ["!=", name]}
        later = later or frappe.db.exists("Meter Reading", {**within, "kind": PERIOD})
        later = later or frappe.db.exists("Meter Reading", {**within, "creation": [">", row.creation]})
    if later or row.kind == REPLACEMENT or is_billed(row.meter, row.period):
        frappe.throw(_("A later reading or a bill builds on this reading; reverse that first."))
    frappe.db.set_value("Meter Reading", name, {"status": VOID, "hold_reason": reason})


def require_none(meter: str, meter_no: str) -> None:
    """Raises ValidationError when a meter has readings: they are billed to the lease of the stall where it is."""
    if frappe.db.exists("Meter Reading", {"meter": meter, "status": ["!=", VOID]}):
        frappe.throw(_("Meter {0} has readings; retire it and make a new one.").format(meter_no))


def is_billed(meter: str, period: str) -> bool:
    """Whether a bill that stands was made from the meter's readings of a period."""
    place = frappe.db.get_value("Meter", meter, ["stall", "fee_type"], as_dict=True)
    billed = {**place, "period": period, "source": "Generated", "status": ["!=", "Reversed"]}
    return bool(frappe.db.exists("Fee", billed))


def are_settled(market: str, period: str) -> bool:
    """Whether a market's meters were read for a period and no reading waits for a clerk."""
    taken = {"market": market, "period": period, "kind": PERIOD}
    if not frappe.db.exists("Meter Reading", {**taken, "status": ["in", BILLABLE]}):
        return False
    return not frappe.db.exists("Meter Reading", {"market": market, "period": period, "status": HELD})
