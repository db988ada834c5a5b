"""What a period's bills are made of: leases, tariffs and meter readings of one market, each read once."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.billing import (
    Bill,
    MonthlyPrice,
    Segment,
    Use,
    metered,
    metered_by_days,
    monthly_charge,
    rent_for,
)
from market_mgmt.domain.periods import Period, billed_in, months_back
from market_mgmt.domain.tariffs import RatedUse, at_least, rated
from market_mgmt.services import tariffs
from market_mgmt.services.bill_rows import LeaseRow, MeterRow, ReadingRow, by, rows_of
from market_mgmt.services.days_used import DaysUsed, last_read_before
from market_mgmt.services.fee_writer import FeeType, fee_types
from market_mgmt.services.leases import HELD
from market_mgmt.services.readings import BILLABLE, HANDOVER, PERIOD, VOID, ends_period
from market_mgmt.services.rows import chunks, number

_IN_USE, _RETIRED = "Active", "Retired"


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
        self.leases_of = by(self.leases, attrgetter("stall"))
        self.rent_changes = self._rent_changes()
        self.tariffs = tariffs.table(market)
        priced = {fee_type for fee_type, _stall in self.tariffs.prices}
        types = fee_types(kind=["in", ("Rent", "Metered", "Fixed")]).values()
        self.types = [one for one in types if one.kind != "Fixed" or one.name in priced]
        taken = {"market": market, "period": f"{month.start:%Y-%m}", "status": ["!=", VOID]}
        readings = rows_of(ReadingRow, "Meter Reading", taken, "reading_date, creation")
        readings.sort(key=ends_period)
        self.readings = by(readings, attrgetter("meter"))
        known = {**at, "status": ["in", (_IN_USE, _RETIRED)]}
        meters = [
            meter
            for meter in rows_of(MeterRow, "Meter", known, "status, name")
            if meter.status == _IN_USE or meter.name in self.readings
        ]
        self.meters = by(meters, attrgetter("stall", "fee_type"))
        own = {meter.name for meter in meters}
        self.handed_over = {
            reading.meter for reading in readings if reading.kind == HANDOVER and reading.meter in own
        }
        self.read_before = last_read_before(month, self.handed_over)
        self.former = self._former({meter.stall for meter in meters if meter.name in self.handed_over})

    def _leases(self, at: dict[str, str]) -> list[LeaseRow]:
        filters = {
            **at,
            **HELD,
            "start_date": ["<=", self.month.end],
            "end_date": [">=", self.month.start],
        }
        rows = rows_of(LeaseRow, "Lease", filters, "stall, start_date")
        return [row for row in rows if row.last_day >= self.month.start]

    def _former(self, stalls: Iterable[str]) -> dict[str, LeaseRow]:
        """The last lease before the month of each stall that was handed over in it, to which may belong what was used."""
        found: dict[str, LeaseRow] = {}
        for piece in chunks(stalls):
            filters = {
                "stall": ["in", piece],
                **HELD,
                "start_date": ["<", self.month.start],
            }
            rows = rows_of(LeaseRow, "Lease", filters, "stall, start_date")
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
        used: list[tuple[MeterRow, ReadingRow]] = []
        for meter in meters:
            own = self._own(lease, meter)
            problem = self._problem(lease, meter, own)
            if problem:
                return Found(lease, fee_type, self.month, problem=problem.format(meter.meter_no))
            used += [(meter, reading) for reading in own]
        if not used:
            return None
        bill = self._priced(lease, fee_type, used)
        if bill is None:
            problem = _("No tariff for {0}.").format(_(fee_type.name))
            return Found(lease, fee_type, self.month, problem=problem)
        return Found(lease, fee_type, self.month, bill)

    def _priced(
        self, lease: LeaseRow, fee_type: FeeType, used: Sequence[tuple[MeterRow, ReadingRow]]
    ) -> Bill | None:
        """What was used, at the prices of the days on which it was; None without a price.

        A price that follows from the supplier's bill of the month is that of all units of the month.
        """
        window = self.windows[fee_type.name]
        if window is None:
            return self._rated(lease, fee_type, used)
        segments = [_segment(meter, reading) for meter, reading in used]
        price = self.tariffs.steady_price(fee_type.name, lease.stall, window)
        if price is not None:
            return metered(segments, price)
        uses = []
        for (_meter, reading), segment in zip(used, segments, strict=True):
            days = self._used_on(lease, fee_type, reading)
            prices = self.tariffs.day_prices(fee_type.name, lease.stall, days)
            if not prices:
                return None
            uses.append(Use(segment, prices))
        return metered_by_days(uses)

    def _used_on(self, lease: LeaseRow, fee_type: FeeType, reading: ReadingRow) -> Period:
        days = self.days_used.of(lease, reading)
        if (fee_type.name, self.month.start) in self.tariffs.supplied:
            return days.overlap(self.month.start, self.month.end) or self.month
        return days

    def _rated(
        self, lease: LeaseRow, fee_type: FeeType, used: Sequence[tuple[MeterRow, ReadingRow]]
    ) -> Bill | None:
        """The same where there are tariffs with a minimum, tiers or registers."""
        uses = []
        for meter, reading in used:
            rates = self.tariffs.day_rates(
                fee_type.name, lease.stall, self._used_on(lease, fee_type, reading)
            )
            if not rates:
                return None
            segment = _segment(meter, reading)
            if meter.register:
                segment = segment._replace(meter=f"{segment.meter} {_(meter.register)}")
            uses.append(RatedUse(segment, meter.register, rates))
        # Leases of one merchant between which a meter was read have a bill each.
        apart = any(meter.name in self.handed_over for meter, _reading in used)
        days = self.month.overlap(lease.start_date, lease.last_day) if apart else self.days_used.held(lease)
        minimum = self._minimum(lease, fee_type, days)
        return at_least(rated(uses), minimum, _("Minimum charge {0}").format(minimum))

    def _minimum(self, lease: LeaseRow, fee_type: FeeType, days: Period | None) -> Decimal:
        """The minimum charge for these days of the month, on which the merchant holds the stall."""
        pieces = self.tariffs.day_rates(fee_type.name, lease.stall, days) if days else []
        prices = [MonthlyPrice(piece.start, piece.end, piece.rate.minimum) for piece in pieces]
        return monthly_charge(self.month, prices).amount

    @cached_property
    def windows(self) -> dict[str, Period | None]:
        """By fee type, the days within which a change of price would matter; None where there is more than one price.

        Few meters are left unread for a year, or read a month late.
        """
        may_be_used = Period(months_back(self.month.start, 12), self.month.end + timedelta(days=31))
        found: dict[str, Period | None] = {}
        for fee_type in self.types:
            supplied = (fee_type.name, self.month.start) in self.tariffs.supplied
            found[fee_type.name] = self.month if supplied else may_be_used
        return found | dict.fromkeys(self.tariffs.special)

    @cached_property
    def days_used(self) -> DaysUsed:
        meters = (meter.name for of_stall in self.meters.values() for meter in of_stall)
        return DaysUsed(self.month, self.leases_of, self.readings, meters)

    def _problem(self, lease: LeaseRow, meter: MeterRow, own: Sequence[ReadingRow]) -> str | None:
        """Why a lease cannot be billed for a meter, None if it can (or need not).

        Between two leases of the same merchant nobody has to read it: their units are paid by the same.
        """
        kinds, last_day = set(), lease.last_day
        leases = self.leases_of.get(lease.stall, [])
        position = leases.index(lease) if len(leases) > 1 and lease in leases else 0
        goes_on = position + 1 < len(leases) and leases[position + 1].merchant == lease.merchant
        for reading in own:
            kinds.add(reading.kind)
            if reading.status not in BILLABLE:
                return _("The reading of meter {0} is held.")
            ended = last_day < self.month.end and last_day < reading.reading_date
            if reading.kind == PERIOD and ended and not goes_on:
                return _("Meter {0} was not read when the stall changed hands.")
        if last_day < self.month.start or meter.status == _RETIRED:
            return None  # what was read of it is all there is
        if position:
            changes = sum(one.merchant != other.merchant for one, other in pairwise(leases[: position + 1]))
            handovers = [reading for reading in self.readings.get(meter.name, ()) if reading.kind == HANDOVER]
            if len(handovers) < changes:
                return _("Meter {0} was not read when the stall changed hands.")
            if leases[position - 1].merchant == lease.merchant and self._is_read(meter):
                return None
        handed_over = HANDOVER in kinds and own[-1].reading_date >= last_day
        if position == len(leases) - 1 and PERIOD not in kinds and not handed_over:
            return _("Meter {0} has no reading.")
        return None

    def _is_read(self, meter: MeterRow) -> bool:
        return any(reading.kind == PERIOD for reading in self.readings.get(meter.name, ()))

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


def _segment(meter: MeterRow, reading: ReadingRow) -> Segment:
    # Readings of before dials were noted on them are of the dial that the meter still has.
    return Segment(
        reading.meter_no or meter.meter_no,
        number(reading.previous_reading),
        number(reading.current_reading),
        number(reading.multiplier or meter.multiplier),
        number(reading.consumption),
    )
