"""Readings between the ends of periods: when a stall changes hands, and when a dial is replaced.

Each closes a segment on its day. If the period's own reading is there already and not billed, it is split in two.
"""

from datetime import date
from decimal import Decimal

import frappe
from cn_connect.bulk import bulk_insert
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.billing import consumption, plain
from market_mgmt.domain.periods import month_key
from market_mgmt.services import readings
from market_mgmt.services.readings import (
    HANDOVER,
    PERIOD,
    REPLACEMENT,
    VOID,
    Meter,
    MeterState,
    ReadingRow,
    Stored,
)
from market_mgmt.services.rows import lock, number
from market_mgmt.services.values import as_date

MOST_DIGITS = 9


def read_at_handover(meter: str, current: Decimal, on: date, as_of: date) -> str:
    """Record what a meter showed when its stall changed hands; returns the reading's name.

    The consumption up to then is billed to the lease that ends. Raises ValidationError for a day in the future, a
    reading that the dial cannot show, or one that a later reading or a bill contradicts.
    """
    return _between(meter, current, on, as_of, HANDOVER)


def replace(change: Document, as_of: date) -> None:
    """Close the old dial's segment and let the meter go on with the new one. Called before the document is inserted.

    Raises ValidationError as `read_at_handover` does, and for a number that another meter has.
    """
    meter = frappe.get_doc("Meter", change.meter)
    on, final = as_date(change.replaced_on), number(change.final_reading)
    other = frappe.db.get_value("Meter", {"market": meter.market, "meter_no": change.new_meter_no})
    if other and other != meter.name:
        frappe.throw(_("Meter number {0} belongs to another meter.").format(change.new_meter_no))
    change.update({"market": meter.market, "old_meter_no": meter.meter_no})
    start = number(change.initial_reading)
    check_dial(change.new_meter_no, change.new_digits, number(change.new_multiplier), start)
    change.reading = _between(meter.name, final, on, as_of, REPLACEMENT, start)
    frappe.db.set_value(
        "Meter",
        meter.name,
        {
            "meter_no": change.new_meter_no,
            "digits": change.new_digits,
            "multiplier": change.new_multiplier,
        },
    )


def check_dial(meter_no: str, digits: int, multiplier: Decimal, reading: Decimal) -> None:
    """Raises ValidationError for a dial that cannot be: its digits, its multiplier, or what it is said to show."""
    if not 1 <= (digits or 0) <= MOST_DIGITS:
        frappe.throw(_("A meter has 1 to 9 digits."))
    if multiplier <= 0:
        frappe.throw(_("The multiplier must be more than zero."))
    if not 0 <= reading < 10**digits:
        frappe.throw(_("Meter {0} has {1} digits and cannot show {2}.").format(meter_no, digits, reading))


def _between(
    meter: str, current: Decimal, on: date, as_of: date, kind: str, next_reading: Decimal | None = None
) -> str:
    found = frappe.db.get_value("Meter", meter, ["market", *Meter._fields])
    if not found:
        frappe.throw(_("Meter {0} does not exist.").format(meter), frappe.DoesNotExistError)
    market, row = found[0], Meter._make(found[1:])
    if on > as_of:
        frappe.throw(_("The reading is dated in the future."))
    lock("Market", [market])
    period = month_key(on)
    stored = readings.stored([meter]).get(meter, [])
    state = readings.state_of(row, stored, period)
    problem = readings.problem(state, current, on)
    same = [one.status for one in stored if (one.kind, one.reading_date) == (kind, on)]
    if not problem and any(status != VOID for status in same):
        problem = _("Meter {0} was read for this on {1} already; void that reading first.").format(
            row.meter_no, on
        )
    if problem:
        frappe.throw(problem)
    values = readings.reading_values(market, period, ReadingRow(meter, current, on), state, kind)
    values |= {
        "name": readings.name_of(meter, f"{on}-{kind}", len(same)),
        "next_reading": float(next_reading or 0),
    }
    standing = (one for one in stored if one.period == period and one.status != VOID)
    ended = next((one for one in standing if one.kind == PERIOD), None)
    if ended:
        _split(ended, state, current, on, next_reading)
    return bulk_insert("Meter Reading", [values])[0]


def _split(
    ended: Stored, state: MeterState, current: Decimal, on: date, next_reading: Decimal | None
) -> None:
    """The period's reading now begins where the one in between ends."""
    if next_reading is not None:
        frappe.throw(
            _("The period was read already; void that reading, replace the meter, and read it again.")
        )
    if on > as_date(ended.reading_date) or readings.is_billed(state.meter, ended.period):
        frappe.throw(_("A later reading or a bill builds on this reading; reverse that first."))
    whole = number(ended.consumption)
    rest, rolled_over = consumption(current, number(ended.current_reading), state.digits, state.multiplier)
    before, _rolled = consumption(state.previous, current, state.digits, state.multiplier)
    if before + rest != whole:
        frappe.throw(
            _("Meter {0} cannot have shown {1} on {2}: it went from {3} to {4} in that period.").format(
                state.meter_no, current, on, plain(state.previous), plain(number(ended.current_reading))
            )
        )
    frappe.db.set_value(
        "Meter Reading",
        ended.name,
        {
            "previous_reading": float(current),
            "consumption": float(rest),
            "rolled_over": int(rolled_over),
        },
    )
