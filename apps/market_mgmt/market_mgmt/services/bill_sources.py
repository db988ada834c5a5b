"""What a period's bills are made of: leases, tariffs and meter readings of one market, each read once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.billing import Bill, Segment, metered, monthly_charge, rent_for
from market_mgmt.domain.periods import Period, billed_in
from market_mgmt.services import tariffs
from market_mgmt.services.fee_writer import fee_types
from market_mgmt.services.readings import BILLABLE, HANDOVER, PERIOD, VOID
from market_mgmt.services.rows import chunks, number

_LEASE = (
    *(
        "name",
        "market",
        "merchant",
        "stall",
        "start_date",
        "end_date",
        "terminated_on",
        "monthly_rent",
        "cycle",
    ),
    *("rent_free_days", "late_fee_clause"),
)

_READING = (
    *("meter", "meter_no", "kind", "status", "reading_date"),
    *("previous_reading", "current_reading", "multiplier", "consumption"),
)


@dataclass(frozen=True)
class Found:
    """One fee type of one lease in the period: its bill, or why there cannot be one."""

    lease: frappe._dict
    fee_type: frappe._dict
    days: Period
    bill: Bill | None = None
    problem: str | None = None


class Sources:
    """All that is needed to bill a market for a month, loaded in seven queries."""

    def __init__(self, market: str, month: Period) -> None:
        self.month = month
        self.leases = self._leases(market)
        self.leases_of: dict[str, list[frappe._dict]] = {}
        for lease in self.leases:
            self.leases_of.setdefault(lease.stall, []).append(lease)
        self.rent_changes = self._rent_changes()
        self.tariffs = tariffs.table(market)
        self.types = fee_types(kind=["in", ("Rent", "Metered", "Fixed")])
        self.meters: dict[tuple[str, str], list[frappe._dict]] = {}
        for meter in frappe.get_all(
            "Meter",
            filters={"market": market, "status": "Active"},
            fields=["name", "meter_no", "stall", "fee_type", "multiplier"],
            order_by="name",
        ):
            self.meters.setdefault((meter.stall, meter.fee_type), []).append(meter)
        self.readings: dict[str, list[frappe._dict]] = {}
        for reading in frappe.get_all(
            "Meter Reading",
            filters={"market": market, "period": f"{month.start:%Y-%m}", "status": ["!=", VOID]},
            fields=list(_READING),
            order_by="reading_date, creation",
        ):
            self.readings.setdefault(reading.meter, []).append(reading)

    def _leases(self, market: str) -> list[frappe._dict]:
        rows = frappe.get_all(
            "Lease",
            filters={
                "market": market,
                "status": ["in", ("Active", "Ended", "Terminated")],
                "start_date": ["<=", self.month.end],
                "end_date": [">=", self.month.start],
            },
            fields=list(_LEASE),
            order_by="stall, start_date",
        )
        for row in rows:
            row.last_day = min(row.end_date, row.terminated_on or row.end_date)
        return [row for row in rows if row.last_day >= self.month.start]

    def _rent_changes(self) -> dict[str, list[tuple[date, Decimal]]]:
        changes: dict[str, list[tuple[date, Decimal]]] = {}
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
            for fee_type in self.types.values():
                if fee_type.kind == "Rent":
                    yield from self._rent(lease, fee_type)
                elif fee_type.kind == "Fixed":
                    yield from self._fixed(lease, fee_type)
                elif (lease.stall, fee_type.name) in self.meters:
                    yield from self._metered(lease, fee_type)

    def _rent(self, lease: frappe._dict, fee_type: frappe._dict) -> Iterator[Found]:
        days = billed_in(self.month, lease.start_date, lease.cycle or "Monthly")
        if days:
            bill = rent_for(
                days,
                lease.start_date,
                lease.last_day,
                yuan(lease.monthly_rent),
                lease.rent_free_days or 0,
                self.rent_changes.get(lease.name, ()),
            )
            yield Found(lease, fee_type, days, bill)

    def _fixed(self, lease: frappe._dict, fee_type: frappe._dict) -> Iterator[Found]:
        days = self.month.overlap(lease.start_date, lease.last_day)
        prices = self.tariffs.monthly_prices(fee_type.name, lease.stall, days) if days else []
        if prices:
            yield Found(lease, fee_type, self.month, monthly_charge(self.month, prices))

    def _metered(self, lease: frappe._dict, fee_type: frappe._dict) -> Iterator[Found]:
        segments: list[Segment] = []
        meters = self.meters[lease.stall, fee_type.name]
        for meter in meters:
            own = [reading for reading, payer in self._paid(meter) if payer is lease]
            problem = self._problem(lease, meter, own)
            if problem:
                yield Found(lease, fee_type, self.month, problem=problem.format(meter.meter_no))
                return
            segments += [_segment(meter, reading) for reading in own]
        if not segments:
            return
        price = self.tariffs.unit_price(fee_type.name, lease.stall, self.month.end)
        if price is None:
            yield Found(lease, fee_type, self.month, problem=_("No tariff for {0}.").format(_(fee_type.name)))
            return
        yield Found(lease, fee_type, self.month, metered(segments, price))

    def _problem(self, lease: frappe._dict, meter: frappe._dict, own: list[frappe._dict]) -> str | None:
        """Why a lease cannot be billed for a meter, None if it can (or need not)."""
        if any(reading.status not in BILLABLE for reading in own):
            return _("The reading of meter {0} is held.")
        leases = self.leases_of[lease.stall]
        position = leases.index(lease)
        handovers = [reading for reading in self.readings.get(meter.name, ()) if reading.kind == HANDOVER]
        if len(handovers) < position:
            return _("Meter {0} was not read when the stall changed hands.")
        if position == len(leases) - 1 and not any(reading.kind in (PERIOD, HANDOVER) for reading in own):
            return _("Meter {0} has no reading.")
        return None

    def _paid(self, meter: frappe._dict) -> Iterator[tuple[frappe._dict, frappe._dict | None]]:
        """Each reading of a meter with the lease that pays what it adds; None while the stall stood empty.

        That is the lease that runs on its day, else the last one before it; on the day of a handover still the one
        that ends.
        """
        leases = self.leases_of[meter.stall]
        since = None
        for reading in self.readings.get(meter.name, ()):
            handover = reading.kind == HANDOVER
            day = reading.reading_date - timedelta(days=1) if handover else reading.reading_date
            payer = next((lease for lease in reversed(leases) if lease.start_date <= day), leases[0])
            yield reading, None if since and payer.last_day <= since else payer
            since = reading.reading_date if handover else since


def _segment(meter: frappe._dict, reading: frappe._dict) -> Segment:
    # Readings of before dials were noted on them are of the dial that the meter still has.
    return Segment(
        reading.meter_no or meter.meter_no,
        number(reading.previous_reading),
        number(reading.current_reading),
        number(reading.multiplier or meter.multiplier),
        number(reading.consumption),
    )
