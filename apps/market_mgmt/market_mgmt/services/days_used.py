"""On which days was used what a reading adds, as the price of each day decides (money rules 3 and 6, domain.md).

From the day after the reading before it to its own day, within the lease that pays; a meter's first reading counts from
the beginning of the month or of the lease. Loaded only where a price changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pypika.functions import Max

import frappe
from market_mgmt.domain.periods import Period
from market_mgmt.services.readings import HANDOVER, VOID
from market_mgmt.services.rows import chunks
from market_mgmt.services.values import as_date


def last_read_before(month: Period, meters: Iterable[str]) -> dict[str, date]:
    """When each meter had last been read before a month; those that had not are left out."""
    reading = frappe.qb.DocType("Meter Reading")
    found: dict[str, date] = {}
    for piece in chunks(meters):
        query = frappe.qb.from_(reading).select(reading.meter, Max(reading.reading_date))
        query = query.where(reading.meter.isin(piece) & (reading.status != VOID))
        query = query.where(reading.period < f"{month.start:%Y-%m}").groupby(reading.meter)
        found.update((meter, as_date(day)) for meter, day in query.run())
    return found


class DaysUsed:
    """The days of the readings of a month. `leases_of` are its leases by stall, `readings` its readings by meter, of
    which some `meters` are asked for."""

    def __init__(
        self,
        month: Period,
        leases_of: Mapping[str, Sequence[Any]],
        readings: Mapping[str, Sequence[Any]],
        meters: Iterable[str],
    ) -> None:
        self._month, self._leases_of, self._readings = month, leases_of, readings
        self._last_read = last_read_before(month, meters)

    def of(self, lease: Any, reading: Any) -> Period:
        """The days on which the lease that pays used what a reading adds."""
        read = self._readings[reading.meter]
        position = read.index(reading)
        before = read[position - 1] if position else None
        last = before.reading_date if before else self._last_read.get(reading.meter)
        first = last + timedelta(days=1) if last else self._month.start
        if before and before.kind == HANDOVER and before.reading_date == lease.start_date:
            first = lease.start_date  # read in the morning, paid by the one before
        elif not self._goes_on(lease):
            first = max(first, lease.start_date)
        end = min(reading.reading_date, lease.last_day)
        return Period(min(first, end), end)

    def held(self, lease: Any) -> Period | None:
        """The days of the month on which the merchant of a lease holds the stall, by leases that follow each other."""
        leases = self._leases_of.get(lease.stall, [])
        if lease not in leases:
            return None
        first = last = leases.index(lease)
        while first and leases[first - 1].merchant == lease.merchant:
            first -= 1
        while last + 1 < len(leases) and leases[last + 1].merchant == lease.merchant:
            last += 1
        return self._month.overlap(leases[first].start_date, leases[last].last_day)

    def _goes_on(self, lease: Any) -> bool:
        """Whether the merchant had the stall before this lease as well."""
        if lease.renewed_from:
            return True
        leases = self._leases_of.get(lease.stall, ())
        position = leases.index(lease) if lease in leases else 0
        return position > 0 and leases[position - 1].merchant == lease.merchant
