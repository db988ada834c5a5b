"""What a period's bills are made of: leases, tariffs and meter readings of one market, each read once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.billing import Bill, Segment, metered, monthly_charge, rent_for
from market_mgmt.domain.periods import Period, billed_in
from market_mgmt.services import tariffs
from market_mgmt.services.fee_writer import fee_types
from market_mgmt.services.readings import BILLABLE, VOID
from market_mgmt.services.rows import number

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


@dataclass(frozen=True)
class Found:
    """One fee type of one lease in the period: its bill, or why there cannot be one."""

    lease: frappe._dict
    fee_type: frappe._dict
    days: Period
    bill: Bill | None = None
    problem: str | None = None


class Sources:
    """All that is needed to bill a market for a month, loaded in six queries."""

    def __init__(self, market: str, month: Period) -> None:
        self.month = month
        self.leases = self._leases(market)
        self.leases_of: dict[str, list[frappe._dict]] = {}
        for lease in self.leases:
            self.leases_of.setdefault(lease.stall, []).append(lease)
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
        self.readings = {
            row.meter: row
            for row in frappe.get_all(
                "Meter Reading",
                filters={"market": market, "period": f"{month.start:%Y-%m}", "status": ["!=", VOID]},
                fields=[
                    "meter",
                    "status",
                    "previous_reading",
                    "current_reading",
                    "consumption",
                    "reading_date",
                ],
            )
        }

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
            rent = yuan(lease.monthly_rent)
            bill = rent_for(days, lease.start_date, lease.last_day, rent, lease.rent_free_days or 0)
            yield Found(lease, fee_type, days, bill)

    def _fixed(self, lease: frappe._dict, fee_type: frappe._dict) -> Iterator[Found]:
        days = self.month.overlap(lease.start_date, lease.last_day)
        prices = self.tariffs.monthly_prices(fee_type.name, lease.stall, days) if days else []
        if prices:
            yield Found(lease, fee_type, self.month, monthly_charge(self.month, prices))

    def _metered(self, lease: frappe._dict, fee_type: frappe._dict) -> Iterator[Found]:
        meters = self.meters[lease.stall, fee_type.name]
        readings = [self.readings.get(meter.name) for meter in meters]
        dates = [reading.reading_date for reading in readings if reading]
        if self._payer(lease.stall, max(dates, default=self.month.end)) is not lease:
            return
        for meter, reading in zip(meters, readings, strict=True):
            if reading is None or reading.status not in BILLABLE:
                missing, held = _("Meter {0} has no reading."), _("The reading of meter {0} is held.")
                problem = (held if reading else missing).format(meter.meter_no)
                yield Found(lease, fee_type, self.month, problem=problem)
                return
        price = self.tariffs.unit_price(fee_type.name, lease.stall, self.month.end)
        if price is None:
            yield Found(lease, fee_type, self.month, problem=_("No tariff for {0}.").format(_(fee_type.name)))
            return
        segments = [
            Segment(
                meter.meter_no,
                number(reading.previous_reading),
                number(reading.current_reading),
                number(meter.multiplier),
                number(reading.consumption),
            )
            for meter, reading in zip(meters, readings, strict=True)
            if reading
        ]
        yield Found(lease, fee_type, self.month, metered(segments, price))

    def _payer(self, stall: str, on: date) -> frappe._dict:
        """Who pays a stall's meters: the lease that runs on the day of the reading, else the last one before it."""
        own = self.leases_of[stall]
        current = [lease for lease in own if lease.start_date <= on]
        return (current or own)[-1]
