"""What a market has already of what the information collection form describes, read once and compared as the database
compares: whatever the case and width of letters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import frappe
from cn_connect.crypto import keys
from cn_connect.excel_text import same_key
from frappe import _
from frappe.utils import getdate
from market_mgmt.domain.openings import Opening
from market_mgmt.services import leases, openings, tariffs
from market_mgmt.services.imports import form
from market_mgmt.services.imports.form import FormLine, LeaseLine

METER_COLUMNS = ((form.WATER_METER, "Water"), (form.POWER_METER, "Electricity"))
_STALL = ["name", "stall_no", "area", "floor", "location", "area_size"]
_METER = ["name", "meter_no", "stall", "fee_type", "digits", "multiplier", "initial_reading", "status"]
_MERCHANT = [
    "name",
    "merchant_name",
    "licence_number",
    "business_category",
    "phone",
    "phone_hash",
    "id_number_hash",
]
_LEASE = [
    *("name", "stall", "merchant", "start_date", "end_date", "terminated_on", "status"),
    *("monthly_rent", "deposit", "rent_free_days", "late_fee_clause"),
]  # fmt: skip


class Known:
    """Stalls and meters by `same_key` of their number, areas by floor and name, merchants by the hash of their identity,
    leases by stall; `places` are the active meters by stall and kind."""

    def __init__(self, market: str) -> None:
        self.market = market
        self._undo: list[Callable[[], object]] = []
        self.stalls = {same_key(row.stall_no): row for row in self._rows("Stall", _STALL)}
        self.areas = {
            area_key(row.floor, row.area_name): row.name
            for row in self._rows("Market Area", ["name", "floor", "area_name"])
        }
        self.meters = {same_key(row.meter_no): row for row in self._rows("Meter", _METER)}
        self.places = {
            (row.stall, row.fee_type): row for row in self.meters.values() if row.status == "Active"
        }
        self.merchants = {
            row.id_number_hash: row for row in self._rows("Merchant", _MERCHANT) if row.id_number_hash
        }
        self.tariffs = tariffs.table(market)
        self.leases: dict[str, list[Any]] = {}
        for row in self._rows("Lease", _LEASE, **leases.HELD):
            self.leases.setdefault(row.stall, []).append(row)
        self.openings = openings.recorded(row.name for held in self.leases.values() for row in held)

    def _rows(self, doctype: str, fields: list[str], **filters: Any) -> list[Any]:
        return frappe.get_all(doctype, filters={"market": self.market, **filters}, fields=fields)

    def learn(self, what: dict[Any, Any], key: Any, value: Any) -> None:
        """Notes a document that was just made."""
        what[key] = value
        self._undo.append(lambda: what.pop(key, None))

    def mark(self) -> int:
        """A point to which `forget` returns."""
        return len(self._undo)

    def forget(self, mark: int) -> None:
        """What was learnt since the mark was taken back."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def stall_name(self, stall_no: str) -> str:
        found = self.stalls.get(same_key(stall_no))
        return str(found.name) if found else f"{self.market}-{stall_no}"

    def merchant_of(self, lease: LeaseLine) -> Any:
        return self.merchants.get(keys.hash_of(lease.id_number, "id_number"))

    def lease_of(self, line: FormLine) -> Any:
        """The very lease of the row: same stall, merchant and first day."""
        merchant = self.merchant_of(line.lease) if line.lease else None
        for row in self.leases.get(self.stall_name(line.stall_no), ()):
            same = merchant and row.merchant == merchant.name
            if same and line.lease and getdate(row.start_date) == line.lease.start:
                return row
        return None

    def news_of(self, line: FormLine) -> Opening | None:
        """What the row says of a lease that is there about its deposit and balance of before this system, if that is
        not recorded yet; None for nothing."""
        lease = self.lease_of(line)
        if line.lease is None or lease is None:
            return None
        news = self.openings.get(lease.name, Opening()).news(line.lease.opening)
        return news if news != Opening() else None

    def meter_for(self, line: FormLine, fee_type: str) -> Any:
        """The meter that the row names, else the one that is in its place."""
        named = self.meters.get(same_key(line.meters[fee_type].meter_no))
        return named or self.places.get((self.stall_name(line.stall_no), fee_type))

    def has_all_of(self, line: FormLine, as_of: date) -> bool:
        """Whether the row would add nothing."""
        stall = self.stall_name(line.stall_no)
        return (
            same_key(line.stall_no) in self.stalls
            and all(self.meter_for(line, kind) for kind in line.meters)
            and (line.lease is None or (self.lease_of(line) is not None and not self.news_of(line)))
            and all(self.tariffs.unit_price(kind, stall, as_of) is not None for kind in line.prices)
        )

    def check(self, line: FormLine) -> None:
        """Faults what contradicts the market's documents."""
        stall = self.stall_name(line.stall_no)
        for column, kind in METER_COLUMNS:
            meter = line.meters.get(kind)
            found = self.meters.get(same_key(meter.meter_no)) if meter else None
            if found and found.stall != stall:
                line.row.fault(column, _("belongs to another stall already"))
            elif found and found.fee_type != kind:
                line.row.fault(column, _("is a meter of another kind already"))
            elif found and found.status != "Active":
                line.row.fault(column, _("is a meter that was taken out of service"))
        if line.lease is None or self.lease_of(line):
            return
        for row in self.leases.get(stall, ()):
            held = leases.term_of(row)
            if held.start <= line.lease.end and held.end >= line.lease.start:
                reason = _("is already leased from {0} to {1}").format(held.start, held.end)
                line.row.fault(form.STALL, reason)


def area_key(floor: str, area: str) -> tuple[str, str]:
    return same_key(floor), same_key(area)


def refuse_contradictions(lines: list[FormLine]) -> None:
    """Faults rows that repeat a stall or a meter, or describe a tenant differently from an earlier row."""
    stalls: dict[str, int] = {}
    meters: dict[str, int] = {}
    tenants: dict[str, FormLine] = {}
    for line in lines:
        number = line.row.number
        first = stalls.setdefault(same_key(line.stall_no), number)
        if first != number:
            line.row.fault(form.STALL, _("repeats row {0}").format(first))
        for column, kind in METER_COLUMNS:
            meter = line.meters.get(kind)
            if not meter:
                continue
            key = same_key(meter.meter_no)
            if key in meters:
                line.row.fault(column, _("repeats row {0}").format(meters[key]))
            meters.setdefault(key, number)
        if line.lease:
            _against(line, tenants.setdefault(line.lease.id_number, line))


def _against(line: FormLine, first: FormLine) -> None:
    if line is first or line.lease is None or first.lease is None:
        return
    for column, field in (
        (form.MERCHANT, "merchant_name"),
        (form.LICENCE, "licence"),
        (form.CATEGORY, "category"),
        (form.PHONE, "phone"),
    ):
        mine, other = getattr(line.lease, field), getattr(first.lease, field)
        if mine and other and mine != other:
            reason = _("differs from row {0}, which has the same identity number")
            line.row.fault(column, reason.format(first.row.number))
