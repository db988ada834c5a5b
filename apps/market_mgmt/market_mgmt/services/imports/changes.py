"""A list that comes again with other values: what differs from what is stored, shown old → new, and applied when confirmed.

Each difference is tried on its document, so that a check says which ones the document's own rules refuse. Blank cells
say nothing. What an import never does: end a lease, change its tenant or first day, swap a meter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.crypto import keys, masks
from cn_connect.excel_text import same_key
from cn_connect.money import format_yuan, to_db, yuan
from frappe import _
from frappe.utils import getdate
from market_mgmt.domain import leases as lease_rules
from market_mgmt.domain.billing import plain
from market_mgmt.domain.openings import Opening
from market_mgmt.services import leases, openings, readings
from market_mgmt.services.imports import form
from market_mgmt.services.imports.common import REFUSALS, Change, refusal
from market_mgmt.services.imports.form import FormLine, LeaseLine, MeterLine
from market_mgmt.services.imports.known import METER_COLUMNS, Known, area_key
from market_mgmt.services.rows import number
from market_mgmt.services.values import as_date

_PRICE_COLUMNS = ((form.WATER_PRICE, "Water"), (form.POWER_PRICE, "Electricity"))
_DETAILS = {
    "Water": (form.WATER_START, form.WATER_DIGITS, form.WATER_FACTOR),
    "Electricity": (form.POWER_START, form.POWER_DIGITS, form.MULTIPLIER),
}


@dataclass(frozen=True)
class Difference:
    """One cell that says something else than what is stored. `apply` is None, with the reason, for what an import does
    not change."""

    column: str
    old: str
    new: str
    apply: Callable[[], object] | None
    reason: str | None = None


class Differences:
    """Finds what rows of the form say differently from a market's documents."""

    def __init__(self, known: Known, as_of: date, make_area: Callable[[FormLine], str]) -> None:
        self.known = known
        self.as_of = as_of
        self.make_area = make_area

    def of(self, line: FormLine) -> list[Difference]:
        """The row's differences, none for a stall that is new."""
        stall = self.known.stalls.get(same_key(line.stall_no))
        if stall is None:
            return []
        found = [*self._stall(line, stall), *self._prices(line, stall.name), *self._meters(line)]
        if line.lease is None:
            return [*found, *self._vacant(stall.name)]
        merchant, lease = self.known.merchant_of(line.lease), self.known.lease_of(line)
        if merchant:
            found += self._merchant(line.lease, merchant)
        if lease:
            found += [*self._lease(line.lease, lease), *self._openings(line.lease, lease)]
        return found

    def _stall(self, line: FormLine, stall: Any) -> Iterator[Difference]:
        area = self.known.areas.get(area_key(line.floor, line.area))
        if area is None or area != stall.area:
            old = frappe.db.get_value("Market Area", stall.area, ["floor", "area_name"]) or ("", "")
            yield Difference(
                form.AREA,
                " ".join(map(str, old)),
                f"{line.floor} {line.area}",
                lambda: _set("Stall", stall.name, area=self.make_area(line)),
            )
        if line.location and line.location != stall.location:
            yield Difference(
                *(form.LOCATION, stall.location or "", line.location),
                lambda: _set("Stall", stall.name, location=line.location),
            )
        size = line.size
        if size is not None and size != number(stall.area_size):
            yield Difference(
                *(form.SIZE, plain(number(stall.area_size)), plain(size)),
                lambda: _set("Stall", stall.name, area_size=float(size)),
            )

    def _prices(self, line: FormLine, stall: str) -> Iterator[Difference]:
        for column, fee_type in _PRICE_COLUMNS:
            old, new = self.known.tariffs.unit_price(fee_type, stall, self.as_of), line.prices[fee_type]
            if old is not None and old != new:
                yield Difference(
                    *(column, plain(old), self._since(plain(new), self.as_of)),
                    self._new_price(fee_type, stall, new),
                )

    def _new_price(self, fee_type: str, stall: str, price: Decimal) -> Callable[[], object]:
        values: dict[str, Any] = {"market": self.known.market, "fee_type": fee_type, "stall": stall}
        values |= {"unit_price": float(price), "effective_from": self.as_of}
        return lambda: frappe.get_doc({"doctype": "Tariff", **values}).insert(ignore_permissions=True)

    def _meters(self, line: FormLine) -> Iterator[Difference]:
        for column, kind in METER_COLUMNS:
            meter = line.meters.get(kind)
            in_place = self.known.meter_for(line, kind) if meter else None
            if not meter or not in_place:
                continue
            if same_key(meter.meter_no) != same_key(in_place.meter_no):
                reason = _(
                    "an import does not swap meters; enter a replacement, or a second meter of the stall"
                )
                yield Difference(column, in_place.meter_no, meter.meter_no, None, reason)
            else:
                yield from self._dial(kind, meter, in_place)

    def _dial(self, kind: str, meter: MeterLine, stored: Any) -> Iterator[Difference]:
        start, digits, factor = _DETAILS[kind]
        said = (
            (start, "initial_reading", meter.initial, number(stored.initial_reading)),
            (digits, "digits", meter.digits, stored.digits),
            (factor, "multiplier", meter.multiplier, number(stored.multiplier)),
        )
        for column, field, new, old in said:
            if new is None or new == old:
                continue
            apply = _on_meter(stored, field, int(new) if field == "digits" else float(new))
            yield Difference(column, plain(Decimal(old)), plain(Decimal(new)), apply)

    def _vacant(self, stall: str) -> Iterator[Difference]:
        for row in self.known.leases.get(stall, ()):
            if row.status == lease_rules.ACTIVE and leases.term_of(row).covers(self.as_of):
                tenant = str(frappe.db.get_value("Merchant", row.merchant, "merchant_name"))
                reason = _("an import ends no lease; terminate it, or wait for its last day")
                yield Difference(form.MERCHANT, tenant, _("vacant"), None, reason)

    def _merchant(self, line: LeaseLine, merchant: Any) -> Iterator[Difference]:
        said = (
            (form.MERCHANT, "merchant_name", line.merchant_name),
            (form.LICENCE, "licence_number", line.licence),
            (form.CATEGORY, "business_category", line.category),
        )
        for column, field, new in said:
            old = merchant.get(field) or ""
            if new and new != old:
                yield Difference(column, old, new, _setter("Merchant", merchant.name, field, new))
        if keys.hash_of(line.phone, "phone") != merchant.phone_hash:
            yield Difference(
                *(form.PHONE, merchant.phone or "", masks.mask(line.phone, "phone")),
                _setter("Merchant", merchant.name, "phone", line.phone),
            )

    def _openings(self, line: LeaseLine, lease: Any) -> Iterator[Difference]:
        known, said = self.known.openings.get(lease.name, Opening()), line.opening
        now = datetime.combine(self.as_of, time())
        for column, old, new, opening in (
            (form.HELD_DEPOSIT, known.deposit, said.deposit, Opening(deposit=said.deposit)),
            (form.BALANCE, known.balance, said.balance, Opening(balance=said.balance)),
        ):
            if old is not None and new is not None and old != new:
                apply = _opener(lease.name, opening, now)
                yield Difference(column, format_yuan(old), format_yuan(new), apply)

    def _lease(self, line: LeaseLine, lease: Any) -> Iterator[Difference]:
        found = [*self._terms(line, lease), *self._rent(line, lease)]
        if lease.status == lease_rules.ACTIVE:
            yield from found
            return
        reason = _("the lease is {0}; it is not changed any more").format(_(lease.status))
        for one in found:
            # The day on which a lease was terminated is not what the contract says.
            if not (one.column == form.END and lease.terminated_on):
                yield Difference(one.column, one.old, one.new, None, reason)

    def _terms(self, line: LeaseLine, lease: Any) -> Iterator[Difference]:
        if line.end != getdate(lease.end_date):
            yield Difference(
                *(form.END, str(getdate(lease.end_date)), str(line.end)),
                _setter("Lease", lease.name, "end_date", line.end),
            )
        if line.deposit is not None and line.deposit != yuan(lease.deposit or 0):
            yield Difference(
                *(form.DEPOSIT, format_yuan(yuan(lease.deposit or 0)), format_yuan(line.deposit)),
                _setter("Lease", lease.name, "deposit", to_db(line.deposit)),
            )
        free = line.rent_free_days
        if free is not None and free != (lease.rent_free_days or 0):
            yield Difference(
                *(form.RENT_FREE, str(lease.rent_free_days or 0), str(free)),
                _setter("Lease", lease.name, "rent_free_days", free),
            )
        clause = line.late_fee_clause
        if clause is not None and clause != bool(lease.late_fee_clause):
            yield Difference(
                *(form.CLAUSE, _yes_no(not clause), _yes_no(clause)),
                _setter("Lease", lease.name, "late_fee_clause", int(clause)),
            )

    def _rent(self, line: LeaseLine, lease: Any) -> Iterator[Difference]:
        changes = frappe.get_all(
            "Lease Rent Change",
            filters={"parent": lease.name, "parenttype": "Lease"},
            fields=["effective_from", "monthly_rent"],
            order_by="effective_from",
        )
        current = yuan(lease.monthly_rent)
        for change in changes:
            if getdate(change.effective_from) <= self.as_of:
                current = yuan(change.monthly_rent)
        if line.rent == current:
            return
        billed = leases.billed_until(lease.name, kinds=("Rent",))
        if billed is None and not changes:
            # Nothing was billed with the old rent: the contract was typed in wrongly.
            apply = _setter("Lease", lease.name, "monthly_rent", to_db(line.rent))
            yield Difference(form.RENT, format_yuan(current), format_yuan(line.rent), apply)
            return
        first = max(
            self.as_of, as_date(lease.start_date) + timedelta(1), (billed or self.as_of) + timedelta(1)
        )
        text = self._since(format_yuan(line.rent), first)
        yield Difference(form.RENT, format_yuan(current), text, _rent_change(lease.name, first, line.rent))

    def _since(self, text: str, day: date) -> str:
        return _("{0} (from {1})").format(text, day)


def tried(line: FormLine, found: Difference, keep: bool) -> tuple[Change, bool]:
    """What becomes of a difference, and whether it was applied to its document: it is tried, and taken back unless it is
    to be kept."""
    reason = found.reason
    kept = False
    if found.apply:
        frappe.db.savepoint("import_change")
        try:
            found.apply()
        except REFUSALS as error:
            reason = refusal(error)
        kept = keep and not reason
        if not kept:
            frappe.db.rollback(save_point="import_change")
            frappe.clear_messages()
        frappe.db.release_savepoint("import_change")
    return Change(line.row.number, line.stall_no, found.column, found.old, found.new, reason), kept


def _set(doctype: str, name: str, **values: Any) -> None:
    document = frappe.get_doc(doctype, name)
    document.update(values)
    document.save(ignore_permissions=True)


def _opener(lease: str, opening: Opening, now: datetime) -> Callable[[], object]:
    return lambda: openings.record(lease, opening, now, _("Import of the list"))


def _setter(doctype: str, name: str, field: str, value: Any) -> Callable[[], object]:
    return lambda: _set(doctype, name, **{field: value})


def _on_meter(meter: Any, field: str, value: float) -> Callable[[], object]:
    def apply() -> None:
        # Consumption was worked out with what the meter said then.
        if field != "digits":
            readings.require_none(meter.name, meter.meter_no)
        _set("Meter", meter.name, **{field: value})

    return apply


def _rent_change(lease: str, first: date, rent: Decimal) -> Callable[[], object]:
    def apply() -> None:
        document = frappe.get_doc("Lease", lease, for_update=True)
        reason = _("Information collection form")
        document.append(
            "rent_changes", {"effective_from": first, "monthly_rent": to_db(rent), "reason": reason}
        )
        document.save(ignore_permissions=True)

    return apply


def _yes_no(value: bool) -> str:
    return "有" if value else "无"
