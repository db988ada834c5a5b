"""Unit prices: of one stall if it has its own, else of the market, the latest that has taken effect."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import frappe
from market_mgmt.domain.billing import MonthlyPrice
from market_mgmt.domain.periods import Period
from market_mgmt.services.rows import number


@dataclass
class TariffTable:
    """All prices of a market, read once. Keys are (fee type, stall or None); lists run from old to new."""

    prices: dict[tuple[str, str | None], list[tuple[date, Decimal]]] = field(default_factory=dict)

    def unit_price(self, fee_type: str, stall: str, on: date) -> Decimal | None:
        """The price in force on a day, None without one. A price of the stall wins, however old it is."""
        for key in ((fee_type, stall), (fee_type, None)):
            for since, price in reversed(self.prices.get(key, ())):
                if since <= on:
                    return price
        return None

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
        fields=["fee_type", "stall", "unit_price", "effective_from"],
        order_by="effective_from, creation",
    ):
        key = (row.fee_type, row.stall or None)
        tariffs.prices.setdefault(key, []).append((row.effective_from, number(row.unit_price)))
    return tariffs


def unit_price(market: str, fee_type: str, stall: str, on: date) -> Decimal | None:
    """The price of one unit (or month) of a fee type at a stall on a day, in yuan; None if there is none."""
    return table(market).unit_price(fee_type, stall, on)
