"""Unit prices: of one stall if it has its own, else of the market, the latest that has taken effect."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import frappe
from market_mgmt.domain.billing import DayPrice, MonthlyPrice
from market_mgmt.domain.periods import Period
from market_mgmt.services.rows import number


@dataclass
class TariffTable:
    """All prices of a market, read once. Keys are (fee type, stall or None); lists run from old to new.

    `supplied` are the (fee type, first day of a month) for which the supplier's bill sets the price of all units.
    """

    prices: dict[tuple[str, str | None], list[tuple[date, Decimal]]] = field(default_factory=dict)
    supplied: set[tuple[str, date]] = field(default_factory=set)

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

    def monthly_prices(self, fee_type: str, stall: str, days: Period) -> list[MonthlyPrice]:
        """The prices in force from the first to the last of `days`, one piece per change."""
        changes = {
            since
            for key in ((fee_type, stall), (fee_type, None))
            for since, _ in self.prices.get(key, ())
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
    """The prices of a market, in one query."""
    tariffs = TariffTable()
    for row in frappe.get_all(
        "Tariff",
        filters={"market": market},
        fields=["fee_type", "stall", "unit_price", "effective_from", "supplier_bill"],
        order_by="effective_from, creation",
    ):
        key = (row.fee_type, row.stall or None)
        tariffs.prices.setdefault(key, []).append((row.effective_from, number(row.unit_price)))
        if row.supplier_bill:
            tariffs.supplied.add((row.fee_type, row.effective_from))
    return tariffs


def unit_price(market: str, fee_type: str, stall: str, on: date) -> Decimal | None:
    """The price of one unit (or month) of a fee type at a stall on a day, in yuan; None if there is none."""
    return table(market).unit_price(fee_type, stall, on)
