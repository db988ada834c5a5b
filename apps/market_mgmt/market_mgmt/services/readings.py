"""Meter readings: what a meter showed at the end of a period, checked, held or accepted, and confirmed by a clerk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import frappe
from frappe import _
from market_mgmt.domain.billing import HISTORY_PERIODS, consumption, reading_status
from market_mgmt.domain.periods import month_of
from market_mgmt.services.rows import bulk_insert, lock, number

NORMAL, HELD, CONFIRMED, VOID = "Normal", "Held", "Confirmed", "Void"
BILLABLE = (NORMAL, CONFIRMED)


@dataclass(frozen=True)
class ReadingRow:
    """What was read from one meter. `meter` is the document's name."""

    meter: str
    current: Decimal
    reading_date: date


@dataclass(frozen=True)
class MeterState:
    """A meter before the reading of a period: where it stood, and what it used in the periods before, latest last."""

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


@dataclass
class Recorded:
    """What became of the rows of one import."""

    created: list[str] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)


def meter_states(market: str, period: str) -> dict[str, MeterState]:
    """Every active meter of a market as it stands before `period`, by the meter's name."""
    month_of(period)
    meters = frappe.get_all(
        "Meter",
        filters={"market": market, "status": "Active"},
        fields=["name", "meter_no", "stall", "fee_type", "digits", "multiplier", "initial_reading"],
        order_by="name",
    )
    readings: dict[str, list[frappe._dict]] = {}
    for row in frappe.get_all(
        "Meter Reading",
        filters={"market": market, "status": ["!=", VOID]},
        fields=["meter", "period", "current_reading", "consumption", "status"],
        order_by="period",
    ):
        readings.setdefault(row.meter, []).append(row)
    return {meter.name: _state(meter, readings.get(meter.name, ()), period) for meter in meters}


def _state(meter: frappe._dict, readings: Sequence[frappe._dict], period: str) -> MeterState:
    earlier = [row for row in readings if row.period < period]
    accepted = [number(row.consumption) for row in earlier if row.status in BILLABLE]
    return MeterState(
        meter=meter.name,
        meter_no=meter.meter_no,
        stall=meter.stall,
        fee_type=meter.fee_type,
        digits=meter.digits,
        multiplier=number(meter.multiplier),
        previous=number(earlier[-1].current_reading if earlier else meter.initial_reading),
        history=tuple(accepted[-HISTORY_PERIODS:]),
        has_later=any(row.period > period for row in readings),
        recorded=any(row.period == period for row in readings),
    )


def problem(state: MeterState | None, current: Decimal) -> str | None:
    """Why a reading cannot be recorded, for the person who sent it; None if it can."""
    if state is None:
        return _("No active meter of this market.")
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
        reason = reason or problem(state, row.current)
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
    units, rolled_over = consumption(state.previous, row.current, state.digits, state.multiplier)
    status, reason = reading_status(units, state.history, rolled_over)
    return {
        "market": market,
        "meter": row.meter,
        "stall": state.stall,
        "period": period,
        "reading_date": row.reading_date,
        "previous_reading": float(state.previous),
        "current_reading": float(row.current),
        "consumption": float(units),
        "rolled_over": int(rolled_over),
        "status": status,
        "hold_reason": _(reason) if reason else None,
        "source_import": source_import,
        "reading_key": f"{row.meter}|{period}",
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
    row = lock("Meter Reading", [name], ("name", "meter", "stall", "period", "status", "reading_key")).get(
        name
    )
    if not row or row.status == VOID:
        frappe.throw(_("Meter reading {0} does not exist.").format(name), frappe.DoesNotExistError)
    later = frappe.db.exists(
        "Meter Reading", {"meter": row.meter, "period": [">", row.period], "status": ["!=", VOID]}
    )
    fee_type = frappe.db.get_value("Meter", row.meter, "fee_type")
    billed = {"stall": row.stall, "fee_type": fee_type, "period": row.period, "source": "Generated"}
    if later or frappe.db.exists("Fee", {**billed, "status": ["!=", "Reversed"]}):
        frappe.throw(_("A later reading or a bill builds on this reading; reverse that first."))
    frappe.db.set_value(
        "Meter Reading",
        name,
        {"status": VOID, "hold_reason": reason, "reading_key": f"{row.reading_key}|{name}"},
    )
