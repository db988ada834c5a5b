"""Unit prices: of one stall if it has its own, else of the market, the latest that has taken effect."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.billing import DayPrice, MonthlyPrice
from market_mgmt.domain.periods import Period
from market_mgmt.domain.tariffs import FLAT, TIERED, TIME_OF_USE, Rate, RateDays, Tier, tier_problem
from market_mgmt.services.rows import chunks, number

_REGISTER_PRICES = (("Sharp", "sharp_price"), ("Peak", "peak_price"), ("Valley", "valley_price"))
_SPECIAL = ("kind", "minimum_charge", *(field for _register, field in _REGISTER_PRICES))


@dataclass
class TariffTable:
    """All prices of a market, read once. Keys are (fee type, stall or None); lists run from old to new.

    `supplied` are the (fee type, first day of a month) for which the supplier's bill sets the price of all units.
    """

    prices: dict[tuple[str, str | None], list[tuple[date, Decimal]]] = field(default_factory=dict)
    supplied: set[tuple[str, date]] = field(default_factory=set)
    # What is more than one price per unit: by key and first day; and the fee types that have such tariffs.
    rates: dict[tuple[str, str | None, date], Rate] = field(default_factory=dict)
    special: set[str] = field(default_factory=set)

    def unit_price(self, fee_type: str, stall: str, on: date) -> Decimal | None:
        """The price in force on a day, None without one. A price of the stall wins, however old it is."""
        for key in ((fee_type, stall), (fee_type, None)):
            for since, price in reversed(self.prices.get(key, ())):
                if since <= on:
                    return price
        return None

    def steady_price(self, fee_type: str, stall: str, days: Period) -> Decimal | None:
        """The price in force on all of `days`; None without one, or when it changes in between."""
        for key in ((fee_type, stall), (fee_type, None)):
            for since, price in reversed(self.prices.get(key, ())):
                if since <= days.start:
                    return price
                if since <= days.end:
                    return None
        return None

    def day_prices(self, fee_type: str, stall: str, days: Period) -> list[DayPrice]:
        """The prices of a unit on `days`, one piece per change. Days before there was any price have the first one."""
        pieces: list[DayPrice] = []
        for piece in self.monthly_prices(fee_type, stall, days):
            if pieces and pieces[-1].price == piece.monthly:
                pieces[-1] = pieces[-1]._replace(end=piece.end)
            else:
                pieces.append(DayPrice(piece.start if pieces else days.start, piece.end, piece.monthly))
        return pieces

    def day_rates(self, fee_type: str, stall: str, days: Period) -> list[RateDays]:
        """The tariffs in force on `days`, one piece per change. Days before there was any have the first one."""
        pieces: list[RateDays] = []
        for piece in self.monthly_prices(fee_type, stall, days):
            rate = self._rate(fee_type, stall, piece.start)
            pieces.append(RateDays(piece.start if pieces else days.start, piece.end, rate))
        return pieces

    def _rate(self, fee_type: str, stall: str, on: date) -> Rate:
        for key in ((fee_type, stall), (fee_type, None)):
            for since, price in reversed(self.prices.get(key, ())):
                if since <= on:
                    return self.rates.get((*key, since)) or Rate(price)
        raise LookupError(fee_type)

    def monthly_prices(self, fee_type: str, stall: str, days: Period) -> list[MonthlyPrice]:
        """The prices in force from the first to the last of `days`, one piece per change."""
        changes = {
            since
            for key in ((fee_type, stall), (fee_type, None))
            for since, _price in self.prices.get(key, ())
            if days.start < since <= days.end
        }
        starts = [days.start, *sorted(changes)]
        ends = [start - timedelta(days=1) for start in starts[1:]] + [days.end]
        pieces = []
        for start, end in zip(starts, ends, strict=True):
            price = self.unit_price(fee_type, stall, start)
            if price is not None:
                pieces.append(MonthlyPrice(start, end, price))
        return pieces


def table(market: str) -> TariffTable:
    """The prices of a market, in one query; one more where tariffs have tiers."""
    tariffs = TariffTable()
    fields = ["name", "fee_type", "stall", "unit_price", "effective_from", "supplier_bill", *_SPECIAL]
    rows = frappe.get_all("Tariff", {"market": market}, fields, order_by="effective_from, creation")
    tiers = _tiers([row.name for row in rows if row.kind == TIERED])
    for row in rows:
        key = (row.fee_type, row.stall or None)
        tariffs.prices.setdefault(key, []).append((row.effective_from, number(row.unit_price)))
        if row.supplier_bill:
            tariffs.supplied.add((row.fee_type, row.effective_from))
        rate = rate_of(row, tiers.get(row.name, ()))
        if rate != Rate(rate.unit_price):
            of_day = (*key, row.effective_from)
            tariffs.rates[of_day] = rate
            tariffs.special.add(row.fee_type)
    return tariffs


def rate_of(tariff: Any, tiers: Sequence[Tier]) -> Rate:
    """The rate of a tariff, a document or a row of it."""
    prices = ((register, number(tariff.get(field))) for register, field in _REGISTER_PRICES)
    return Rate(
        number(tariff.unit_price),
        tuple(tiers),
        tuple((register, price) for register, price in prices if price) if tariff.kind == TIME_OF_USE else (),
        yuan(tariff.minimum_charge),
    )


def _tiers(tariffs: Sequence[str]) -> dict[str, list[Tier]]:
    found: dict[str, list[Tier]] = {}
    for piece in chunks(tariffs):
        fields = ["parent", "above", "unit_price"]
        for row in frappe.get_all("Tariff Tier", {"parent": ["in", piece]}, fields, order_by="parent, idx"):
            found.setdefault(row.parent, []).append(Tier(number(row.above), number(row.unit_price)))
    return found


def check(tariff: Document) -> None:
    """Raises ValidationError for a tariff that does not fit its kind or its fee type."""
    if not tariff.fee_type:
        return  # said to be missing later
    fee_type = frappe.get_cached_doc("Fee Type", tariff.fee_type)
    tariff.kind = tariff.kind or FLAT
    if fee_type.kind != "Metered" and (tariff.kind != FLAT or tariff.minimum_charge):
        frappe.throw(_("{0} is not charged by meter; its tariff has one price.").format(_(tariff.fee_type)))
    if fee_type.resold and tariff.minimum_charge:
        frappe.throw(_("{0} is sold on at cost; it has no minimum charge.").format(_(tariff.fee_type)))
    tiers = [Tier(number(row.above), number(row.unit_price)) for row in tariff.tiers]
    if tariff.kind != TIERED and tiers:
        frappe.throw(_("Only a tiered tariff has tiers."))
    if tariff.kind == TIERED and tier_problem(tiers):
        frappe.throw(
            _("A tiered tariff has one or more tiers, each above a bound higher than the one before.")
        )
    prices = [number(tariff.get(field)) for _register, field in _REGISTER_PRICES]
    if tariff.kind != TIME_OF_USE and any(prices):
        frappe.throw(_("Only a tariff by time of use has prices of registers."))
    if tariff.kind == TIME_OF_USE and not any(prices):
        frappe.throw(_("A tariff by time of use has the price of one register at least."))


def unit_price(market: str, fee_type: str, stall: str, on: date) -> Decimal | None:
    """The price of one unit (or month) of a fee type at a stall on a day, in yuan; None if there is none."""
    return table(market).unit_price(fee_type, stall, on)
