"""Import of the information collection form: areas, stalls, merchants, leases, meters and tariffs.

Adds what is missing and overwrites nothing, so the same file adds nothing the second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.crypto import keys
from cn_connect.excel import read_table
from cn_connect.money import to_db
from frappe import _
from frappe.utils import getdate
from market_mgmt.domain import leases as lease_rules
from market_mgmt.services import leases, tariffs
from market_mgmt.services.imports import form, journal, stamp
from market_mgmt.services.imports.common import (
    POSTED,
    WRITING,
    Confirmation,
    ImportResult,
    Progress,
    at_row,
    checked,
    judged,
    refuse_repeats,
)
from market_mgmt.services.imports.form import FormLine, LeaseLine
from market_mgmt.services.imports.journal import Source


def run(
    market: str,
    content: bytes,
    file_name: str,
    as_of: date,
    dry_run: bool,
    confirmation: Confirmation | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Checks the form and, unless `dry_run`, adds its good rows in one transaction.

    Raises WorkbookFault when the file as a whole is unusable, PermissionError for a confirmation by no supervisor.
    """
    source = Source(journal.MERCHANTS, market, content, file_name)
    again = journal.posted_before(source, dry_run)
    if again:
        return again
    table = read_table(content, form.SHEET, form.REQUIRED, form.OPTIONAL)
    stamp.check(table, form.SHEET, market)
    known = Known(market)
    lines = checked(table, form.parse, progress)
    good = [line for line in lines if line]
    refuse_repeats([line.row for line in good], form.STALL, [line.stall_no for line in good])
    for column, kind in ((form.WATER_METER, "Water"), (form.POWER_METER, "Electricity")):
        numbers = [line.meters[kind].meter_no if kind in line.meters else None for line in good]
        refuse_repeats([line.row for line in good], column, numbers)
    for line in good:
        known.check(line)
    good = [line for line in good if not line.row.errors]
    unchanged = sum(known.has_all_of(line, as_of) for line in good)
    result = judged(table, as_of, dry_run, confirmation, unchanged)
    if not dry_run:
        with journal.recorded(source, result, confirmation):
            if result.status == POSTED:
                result.added = _Writer(known, as_of).write(good, progress)
    return result


class Known:
    """What the market has already, read once."""

    def __init__(self, market: str) -> None:
        self.market = market
        where = {"market": market}
        self.stalls = set(frappe.get_all("Stall", filters=where, pluck="stall_no"))
        self.areas = {
            (row.floor, row.area_name): row.name
            for row in frappe.get_all("Market Area", filters=where, fields=["name", "floor", "area_name"])
        }
        self.meters = {
            row.meter_no: row.stall
            for row in frappe.get_all("Meter", filters=where, fields=["meter_no", "stall"])
        }
        self.merchants = {
            row.id_number_hash: row.name
            for row in frappe.get_all("Merchant", filters=where, fields=["name", "id_number_hash"])
            if row.id_number_hash
        }
        self.tariffs = tariffs.table(market)
        self.leases: dict[str, list[Any]] = {}
        fields = ["name", "stall", "merchant", "start_date", "end_date", "terminated_on"]
        for row in frappe.get_all("Lease", filters={**where, **leases.HELD}, fields=fields):
            self.leases.setdefault(row.stall, []).append(row)

    def stall_name(self, stall_no: str) -> str:
        return f"{self.market}-{stall_no}"

    def merchant_of(self, lease: LeaseLine) -> str | None:
        return self.merchants.get(keys.hash_of(lease.id_number, "id_number"))

    def has_lease(self, line: FormLine) -> bool:
        """Whether the very lease of the row exists: same stall, merchant and first day."""
        return line.lease is not None and any(
            row.merchant == self.merchant_of(line.lease) and getdate(row.start_date) == line.lease.start
            for row in self.leases.get(self.stall_name(line.stall_no), ())
        )

    def has_all_of(self, line: FormLine, as_of: date) -> bool:
        """Whether the row would add nothing."""
        stall = self.stall_name(line.stall_no)
        return (
            line.stall_no in self.stalls
            and all(meter.meter_no in self.meters for meter in line.meters.values())
            and (line.lease is None or self.has_lease(line))
            and all(
                self.tariffs.unit_price(fee_type, stall, as_of) == price
                for fee_type, price in line.prices.items()
            )
        )

    def check(self, line: FormLine) -> None:
        """Faults what contradicts the market's documents."""
        stall = self.stall_name(line.stall_no)
        for column, kind in ((form.WATER_METER, "Water"), (form.POWER_METER, "Electricity")):
            meter = line.meters.get(kind)
            if meter and self.meters.get(meter.meter_no, stall) != stall:
                line.row.fault(column, _("belongs to another stall already"))
        if line.lease is None or self.has_lease(line):
            return
        for row in self.leases.get(stall, ()):
            held = leases.term_of(row)
            if held.start <= line.lease.end and held.end >= line.lease.start:
                reason = _("is already leased from {0} to {1}").format(held.start, held.end)
                line.row.fault(form.STALL, reason)


class _Writer:
    """Adds the good rows, in the order in which documents link to each other."""

    def __init__(self, known: Known, as_of: date) -> None:
        self.known = known
        self.market = known.market
        self.as_of = as_of
        self.added: Counter[str] = Counter()
        self.new_stalls: set[str] = set()

    def write(self, lines: Sequence[FormLine], progress: Progress | None) -> dict[str, int]:
        for done, line in enumerate(lines, start=1):
            with at_row(line.row):
                self._row(line)
            if progress:
                progress(WRITING, done, len(lines))
        for fee_type in ("Water", "Electricity"):
            self._tariffs(fee_type, lines)
        return dict(self.added)

    def _row(self, line: FormLine) -> None:
        if line.stall_no not in self.known.stalls:
            self._stall(line)
        for fee_type, meter in line.meters.items():
            if meter.meter_no not in self.known.meters:
                self._meter(line, fee_type)
        if line.lease and not self.known.has_lease(line):
            self._lease(line, line.lease)

    def _insert(self, doctype: str, **values: Any) -> str:
        document = frappe.get_doc({"doctype": doctype, "market": self.market, **values})
        if doctype == "Lease":
            leases.decide(document)  # it may have ended already
        document.insert(ignore_permissions=True)
        self.added[doctype] += 1
        return document.name

    def _stall(self, line: FormLine) -> None:
        key = (line.floor, line.area)
        if key not in self.known.areas:
            code = f"{len(self.known.areas) + 1:02d}"
            self.known.areas[key] = self._insert(
                "Market Area", area_code=code, area_name=line.area, floor=line.floor
            )
        self._insert(
            "Stall",
            stall_no=line.stall_no,
            area=self.known.areas[key],
            location=line.location,
            area_size=float(line.size or 0),
        )
        self.known.stalls.add(line.stall_no)
        self.new_stalls.add(line.stall_no)

    def _meter(self, line: FormLine, fee_type: str) -> None:
        meter = line.meters[fee_type]
        stall = self.known.stall_name(line.stall_no)
        self._insert(
            "Meter",
            meter_no=meter.meter_no,
            stall=stall,
            fee_type=fee_type,
            digits=form.METER_DIGITS,
            multiplier=float(meter.multiplier),
            initial_reading=float(meter.initial),
            status="Active",
        )
        self.known.meters[meter.meter_no] = stall

    def _lease(self, line: FormLine, lease: LeaseLine) -> None:
        self._insert(
            "Lease",
            merchant=self.known.merchant_of(lease) or self._merchant(lease),
            stall=self.known.stall_name(line.stall_no),
            start_date=lease.start,
            end_date=lease.end,
            monthly_rent=to_db(lease.rent),
            cycle="Monthly",
            deposit=to_db(lease.deposit),
            rent_free_days=lease.rent_free_days,
            late_fee_clause=int(lease.late_fee_clause),
            status=lease_rules.ENDED if lease.end < self.as_of else lease_rules.ACTIVE,
        )

    def _merchant(self, lease: LeaseLine) -> str:
        name = self._insert(
            "Merchant",
            merchant_name=lease.merchant_name,
            licence_number=lease.licence,
            business_category=lease.category,
            id_number=lease.id_number,
            phone=lease.phone,
            non_urgent_notices=1,
        )
        self.known.merchants[keys.hash_of(lease.id_number, "id_number")] = name
        return name

    def _tariffs(self, fee_type: str, lines: Sequence[FormLine]) -> None:
        """The commonest price is the market's, another one the stall's own.

        Prices of new stalls hold from the first day of the earliest lease (bills of earlier months need one), those of
        others from `as_of`. A market that has its price keeps it: a form with one new stall must not change it.
        """
        if not lines:
            return
        table = self.known.tariffs
        first_day = min([self.as_of, *(line.lease.start for line in lines if line.lease)])
        if not table.prices.get((fee_type, None)):
            counts = Counter(line.prices[fee_type] for line in lines)
            # The lower price of equally common ones, so that the order of rows does not matter.
            price = min(counts, key=lambda value: (-counts[value], value))
            self._tariff(fee_type, None, price, first_day)
            table = tariffs.table(self.market)
        for line in lines:
            stall = self.known.stall_name(line.stall_no)
            if table.unit_price(fee_type, stall, self.as_of) != line.prices[fee_type]:
                since = first_day if line.stall_no in self.new_stalls else self.as_of
                self._tariff(fee_type, stall, line.prices[fee_type], since)

    def _tariff(self, fee_type: str, stall: str | None, price: Decimal, since: date) -> None:
        self._insert("Tariff", fee_type=fee_type, stall=stall, unit_price=float(price), effective_from=since)
