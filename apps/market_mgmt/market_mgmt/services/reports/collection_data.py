"""How much of what was charged has been received, bill by bill, as of a day, read from the ledger.

Two rates stand beside each other: of the bills of a period (当期收缴率), and of the bills due in that month (到期收缴率).
Late fees are part of neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import ZERO
from frappe.utils import getdate
from market_mgmt.domain.collection import Figures
from market_mgmt.domain.periods import month_of
from market_mgmt.services import collection, terms

UNASSIGNED = "未指定"
TOP = 10


@dataclass(frozen=True)
class FeeLine:
    """One bill: where it belongs, what was charged, waived and received of it."""

    fee: str
    stall_no: str
    floor: str
    area: str
    staff: str
    fee_type: str
    period: str
    due_date: date | None
    figures: Figures


@dataclass(frozen=True)
class Sums:
    """The bills of one group added up."""

    label: str
    count: int
    figures: Figures

    @property
    def rate(self) -> Decimal | None:
        return self.figures.rate

    def as_dict(self) -> dict[str, Any]:
        figures = self.figures
        return {
            "charged": figures.charged,
            "waived": figures.waived,
            "paid": figures.received,
            "outstanding": figures.outstanding,
            "rate": None if figures.rate is None else round(figures.rate, 6),
        }


@dataclass(frozen=True)
class Arrears:
    """What one stall owes of all periods."""

    stall_no: str
    area: str
    count: int
    oldest_due: date | None
    outstanding: Decimal


@dataclass(frozen=True)
class Collection:
    market: str
    period: str
    as_of: date
    lines: list[FeeLine]
    due_lines: list[FeeLine]
    earlier: list[Sums]
    top: list[Arrears]

    @property
    def total(self) -> Sums:
        """The bills of the period."""
        return added("合计", self.lines)

    @property
    def due(self) -> Sums:
        """The bills due in the month of that name, of whatever period."""
        return added("合计", self.due_lines)

    def by(self, key: Callable[[FeeLine], str]) -> list[Sums]:
        """The period's bills by a property, in the order of the stalls."""
        return grouped(self.lines, key)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the content hash and for callers."""
        return {
            "market": self.market,
            "period": self.period,
            "as_of": self.as_of,
            **self.total.as_dict(),
            "due": {"count": self.due.count, **self.due.as_dict()},
            "fees": [
                [line.fee, line.figures.charged, line.figures.waived, line.figures.received]
                for line in self.lines
            ],
            "earlier": [
                {"label": sums.label, "count": sums.count, **sums.as_dict()} for sums in self.earlier
            ],
            "top": [asdict(row) for row in self.top],
        }


def read(market: str, period: str, as_of: date) -> Collection:
    """The bills of a period, those due in its month and the arrears of earlier ones, as they stood at the end of a day."""
    lines = _lines(market, as_of)
    month = month_of(period)
    this = [line for line in lines if line.period == period]
    due = [line for line in lines if line.due_date and month.start <= line.due_date <= month.end]
    before = [line for line in lines if line.period < period]
    return Collection(
        market, period, as_of, this, due, grouped(before, lambda line: line.period), _top(lines)
    )


def added(label: str, lines: Iterable[FeeLine]) -> Sums:
    figures = [line.figures for line in lines]
    return Sums(label, len(figures), collection.added(figures))


def grouped(lines: Sequence[FeeLine], key: Callable[[FeeLine], str]) -> list[Sums]:
    groups: dict[str, list[FeeLine]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return [added(label, own) for label, own in groups.items()]


def _lines(market: str, as_of: date) -> list[FeeLine]:
    figures = collection.of_market(market, as_of)
    places = _places(market)
    fields = ["name", "stall", "fee_type", "period", "due_date"]
    found = []
    fees = frappe.get_all("Fee", filters={"market": market}, fields=fields)
    for fee in sorted(fees, key=lambda f: (f.period, f.stall, terms.fee_type_rank(f.fee_type), f.name)):
        own = figures.get(fee.name, collection.NOTHING)
        if not own.charged:
            continue  # a draft, or charged and reversed
        stall_no, floor, area, staff = places[fee.stall]
        found.append(
            FeeLine(
                fee=fee.name,
                stall_no=stall_no,
                floor=floor,
                area=area,
                staff=staff,
                fee_type=terms.fee_type(fee.fee_type),
                period=fee.period,
                due_date=getdate(fee.due_date) if fee.due_date else None,
                figures=own,
            )
        )
    return found


def _places(market: str) -> dict[str, tuple[str, str, str, str]]:
    """Stall → number, floor, area, responsible staff."""
    staff = dict(
        frappe.get_all(
            "Market Staff", filters={"market": market}, fields=["name", "staff_name"], as_list=True
        )
    )
    areas = {
        row.name: (row.floor or UNASSIGNED, row.area_name, staff.get(row.responsible, UNASSIGNED))
        for row in frappe.get_all(
            "Market Area", filters={"market": market}, fields=["name", "floor", "area_name", "responsible"]
        )
    }
    stalls = frappe.get_all("Stall", filters={"market": market}, fields=["name", "stall_no", "area"])
    return {row.name: (row.stall_no, *areas[row.area]) for row in stalls}


def _top(lines: Sequence[FeeLine]) -> list[Arrears]:
    """The stalls that owe most, of all periods."""
    owing: dict[str, list[FeeLine]] = {}
    for line in lines:
        if line.figures.outstanding > 0:
            owing.setdefault(line.stall_no, []).append(line)
    found = [
        Arrears(
            stall_no,
            own[0].area,
            len(own),
            min((line.due_date for line in own if line.due_date), default=None),
            sum((line.figures.outstanding for line in own), ZERO),
        )
        for stall_no, own in owing.items()
    ]
    return sorted(found, key=lambda row: (-row.outstanding, row.stall_no))[:TOP]
