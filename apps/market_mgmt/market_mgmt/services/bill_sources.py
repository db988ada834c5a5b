"""What a period's bills are made of: leases, tariffs and meter readings of one market, each read once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from pypika.functions import Max

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.billing import Bill, Segment, metered, monthly_charge, rent_for
from market_mgmt.domain.periods import Period, billed_in
from market_mgmt.services import tariffs
from market_mgmt.services.fee_writer import FeeType, fee_types
from market_mgmt.services.leases import HELD
from market_mgmt.services.readings import BILLABLE, HANDOVER, PERIOD, VOID, ends_period
from market_mgmt.services.rows import chunks, number
from market_mgmt.services.values import as_date

_IN_USE, _RETIRED = "Active", "Retired"


class LeaseRow(NamedTuple):
    """A lease as it is billed."""

    name: str
    market: str
    merchant: str
    stall: str
    start_date: date
    end_date: date
    terminated_on: date | None
    monthly_rent: float
    cycle: str | None
    rent_free_days: int | None
    late_fee_clause: int

    @property
    def last_day(self) -> date:
        return min(self.end_date, self.terminated_on) if self.terminated_on else self.end_date


class MeterRow(NamedTuple):
    """A meter as it is billed."""

    name: str
    meter_no: str
    stall: str
    fee_type: str
    multiplier: float
    status: str


class ReadingRow(NamedTuple):
    """A reading as it is billed."""

    meter: str
    meter_no: str | None
    kind: str
    status: str
    reading_date: date
    previous_reading: float
    current_reading: float
    multiplier: float | None
    consumption: float


class Found(NamedTuple):
    """One fee type of one lease in the period: its bill, or why there cannot be one."""

    lease: LeaseRow
    fee_type: FeeType
    days: Period
    bill: Bill | None = None
    problem: str | None = None


class Sources:
    """All that is needed to bill a market (or one `stall` of it) for a month, loaded in a few queries."""

    def __init__(self, market: str, month: Period, stall: str | None = None) -> None:
        self.month = month
        at = {"market": market, **({"stall": stall} if stall else {})}
        self.leases = self._leases(at)
        self.leases_of = _by(self.leases, attrgetter("stall"))
        self.rent_changes = self._rent_changes()
        self.tariffs = tariffs.table(market)
        priced = {fee_type for fee_type, _stall in self.tariffs.prices}
        types = fee_types(kind=["in", ("Rent", "Metered", "Fixed")]).values()
        self.types = [one for one in types if one.kind != "Fixed" or one.name in priced]
        taken = {"market": market, "period": f"{month.start:%Y-%m}", "status": ["!=", VOID]}
        readings = _rows(ReadingRow, "Meter Reading", taken, "reading_date, creation")
        readings.sort(key=ends_period)
        self.readings = _by(readings, attrgetter("meter"))
        known = {**at, "status": ["in", (_IN_USE, _RETIRED)]}
        meters = [
            meter
            for meter in _rows(MeterRow, "Meter", known, "status, name")
            if meter.status == _IN_USE or meter.name in self.readings
        ]
        self.meters = _by(meters, attrgetter("stall", "fee_type"))
        own = {meter.name for meter in meters}
        self.handed_over = {
            reading.meter for reading in readings if reading.kind == HANDOVER and reading.meter in own
        }
        self.read_before = self._read_before()
        self.former = self._former({meter.stall for meter in meters if meter.name in self.handed_over})

    def _leases(self, at: dict[str, str]) -> list[LeaseRow]:
        filters = {
            **at,
            **HELD,
            "start_date": ["<=", self.month.end],
            "end_date": [">=", self.month.start],
        }
        rows = _rows(LeaseRow, "Lease", filters, "stall, start_date")
        return [row for row in rows if row.last_day >= self.month.start]

    def _read_before(self) -> dict[str, date]:
        """When the meters that were handed over in the month had last been read before it."""
        reading = frappe.qb.DocType("Meter Reading")
        found: dict[str, date] = {}
        for piece in chunks(self.handed_over):
            query = frappe.qb.from_(reading).select(reading.meter, Max(reading.reading_date))
            query = query.where(reading.meter.isin(piece) & (reading.status != VOID))
            query = query.where(reading.period < f"{self.month.start:%Y-%m}").groupby(reading.meter)
            found.update((meter, as_date(day)) for meter, day in query.run())
        return found

    def _former(self, stalls: Iterable[str]) -> dict[str, LeaseRow]:
        """The last lease before the month of each stall that was handed over in it, to which may belong what was used."""
        found: dict[str, LeaseRow] = {}
        for piece in chunks(stalls):
            filters = {
                "stall": ["in", piece],
                **HELD,
                "start_date": ["<", self.month.start],
            }
            rows = _rows(LeaseRow, "Lease", filters, "stall, start_date")
            found.update((row.stall, row) for row in rows if row.last_day < self.month.start)
        return found

    def _rent_changes(self) -> dict[str, list[tuple[date, Decimal]]]:
        changes: dict[str, list[tuple[date, Decimal]]] = {}
        if not frappe.db.exists("Lease Rent Change", {"parenttype": "Lease"}):
            return changes
        for piece in chunks(lease.name for lease in self.leases):
            for row in frappe.get_all(
                "Lease Rent Change",
                filters={"parenttype": "Lease", "parent": ["in", piece]},
                fields=["parent", "effective_from", "monthly_rent"],
            ):
                changes.setdefault(row.parent, []).append((row.effective_from, yuan(row.monthly_rent)))
        return changes

    def bills(self) -> Iterator[Found]:
        """Every (lease, fee type) there is something to say about, by stall and priority."""
        for lease in self.leases:
            for fee_type in self.types:
                if found := self._found(lease, fee_type):
                    yield found
        for lease in self.former.values():
            for fee_type in self.types:
                meters = self.meters.get((lease.stall, fee_type.name), ())
                handed_over = [meter for meter in meters if meter.name in self.handed_over]
                if found := self._metered(lease, fee_type, handed_over):
                    yield found

    def is_held(self, found: Found) -> bool:
        """Whether a reading that a clerk has not confirmed stands in the way of that bill."""
        meters = self.meters.get((found.lease.stall, found.fee_type.name), ())
        readings = (reading for meter in meters for reading in self.readings.get(meter.name, ()))
        return any(reading.status not in BILLABLE for reading in readings)

    def _found(self, lease: LeaseRow, fee_type: FeeType) -> Found | None:
        if fee_type.kind == "Rent":
            return self._rent(lease, fee_type)
        if fee_type.kind == "Fixed":
            return self._fixed(lease, fee_type)
        return self._metered(lease, fee_type, self.meters.get((lease.stall, fee_type.name), ()))

    def _rent(self, lease: LeaseRow, fee_type: FeeType) -> Found | None:
        days = billed_in(self.month, lease.start_date, lease.cycle or "Monthly")
        if not days:
            return None
        bill = rent_for(
            days,
            lease.start_date,
            lease.last_day,
            yuan(lease.monthly_rent),
            lease.rent_free_days or 0,
            self.rent_changes.get(lease.name, ()),
        )
        return Found(lease, fee_type, days, bill)

    def _fixed(self, lease: LeaseRow, fee_type: FeeType) -> Found | None:
        days = self.month.overlap(lease.start_date, lease.last_day)
        prices = self.tariffs.monthly_prices(fee_type.name, lease.stall, days) if days else []
        return Found(lease, fee_type, self.month, monthly_charge(self.month, prices)) if prices else None

    def _metered(self, lease: LeaseRow, fee_type: FeeType, meters: Iterable[MeterRow]) -> Found | None:
        segments: list[Segment] = []
        for meter in meters:
            own = self._own(lease, meter)
            problem = self._problem(lease, meter, own)
            if problem:
                return Found(lease, fee_type, self.month, problem=problem.format(meter.meter_no))
            segments += [_segment(meter, reading) for reading in own]
        if not segments:
            return None
        price = self.tariffs.unit_price(fee_type.name, lease.stall, self.month.end)
        if price is None:
            problem = _("No tariff for {0}.").format(_(fee_type.name))
            return Found(lease, fee_type, self.month, problem=problem)
        return Found(lease, fee_type, self.month, metered(segments, price))

    def _problem(self, lease: LeaseRow, meter: MeterRow, own: Sequence[ReadingRow]) -> str | None:
        """Why a lease cannot be billed for a meter, None if it can (or need not)."""
        kinds, last_day = set(), lease.last_day
        for reading in own:
            kinds.add(reading.kind)
            if reading.status not in BILLABLE:
                return _("The reading of meter {0} is held.")
            if reading.kind == PERIOD and last_day < self.month.end and last_day < reading.reading_date:
                return _("Meter {0} was not read when the stall changed hands.")
        if last_day < self.month.start or meter.status == _RETIRED:
            return None  # what was read of it is all there is
        leases = self.leases_of[lease.stall]
        position = leases.index(lease)
        if position:
            handovers = [reading for reading in self.readings.get(meter.name, ()) if reading.kind == HANDOVER]
            if len(handovers) < position:
                return _("Meter {0} was not read when the stall changed hands.")
        handed_over = HANDOVER in kinds and own[-1].reading_date >= last_day
        if position == len(leases) - 1 and PERIOD not in kinds and not handed_over:
            return _("Meter {0} has no reading.")
        return None

    def _own(self, lease: LeaseRow, meter: MeterRow) -> Sequence[ReadingRow]:
        """The readings of a meter that add to what a lease pays."""
        alone = meter.name not in self.handed_over and len(self.leases_of[lease.stall]) == 1
        if alone and lease.start_date <= self.month.start:
            return self.readings.get(meter.name, ())
        return [reading for reading, payer in self._paid(meter) if payer is lease]

    def _paid(self, meter: MeterRow) -> Iterator[tuple[ReadingRow, LeaseRow | None]]:
        """Each reading of a meter with the lease that pays what it adds; None while the stall stood empty.

        That is the lease that runs on its day, else the last one before it, also of the month before; on the day of a
        handover still the one that ends.
        """
        since = self.read_before.get(meter.name)
        former = self.former.get(meter.stall) if since else None
        leases = [*([former] if former else []), *self.leases_of.get(meter.stall, ())]
        for reading in self.readings.get(meter.name, ()):
            handover = reading.kind == HANDOVER
            day = reading.reading_date - timedelta(days=1) if handover else reading.reading_date
            payer = next((lease for lease in reversed(leases) if lease.start_date <= day), None)
            yield reading, None if payer and since and payer.last_day <= since else payer
            since = reading.reading_date if handover else since


def _rows(kind: Any, doctype: str, filters: dict[str, Any], order_by: str) -> list[Any]:
    """Rows of a DocType with the fields of `kind`, a NamedTuple: a market has tens of thousands of them."""
    rows = frappe.get_all(
        doctype, filters=filters, fields=list(kind._fields), order_by=order_by, as_list=True
    )
    return list(map(kind._make, rows))


def _by(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """The rows by their key, each list in the order in which they came."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _segment(meter: MeterRow, reading: ReadingRow) -> Segment:
    # Readings of before dials were noted on them are of the dial that the meter still has.
    return Segment(
        reading.meter_no or meter.meter_no,
        number(reading.previous_reading),
        number(reading.current_reading),
        number(reading.multiplier or meter.multiplier),
        number(reading.consumption),
    )
