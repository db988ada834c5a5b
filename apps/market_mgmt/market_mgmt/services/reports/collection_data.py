"""How much of what was charged has been paid, fee by fee, as of a day, read from the ledger.

Collection rate = paid principal ÷ (charged − waived) of the bills of a period; late fees are not part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pypika.functions import Sum

import frappe
from cn_connect.money import ZERO, yuan
from frappe.utils import getdate
from market_mgmt.domain.ledger import INCOME, PREPAID, RECEIVABLE, WAIVED
from market_mgmt.services import terms

UNASSIGNED = "未指定"
TOP = 10


@dataclass(frozen=True)
class FeeLine:
    """One bill: where it belongs, what was charged, waived and paid of it."""

    fee: str
    stall_no: str
    floor: str
    area: str
    staff: str
    fee_type: str
    period: str
    due_date: date | None
    charged: Decimal
    waived: Decimal
    paid: Decimal

    @property
    def outstanding(self) -> Decimal:
        return self.charged - self.waived - self.paid


@dataclass(frozen=True)
class Sums:
    """The bills of one group added up."""

    label: str
    count: int
    charged: Decimal
    waived: Decimal
    paid: Decimal

    @property
    def outstanding(self) -> Decimal:
        return self.charged - self.waived - self.paid

    @property
    def rate(self) -> Decimal | None:
        """Collection rate; None when nothing was to be paid."""
        return self.paid / (self.charged - self.waived) if self.charged != self.waived else None


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
    earlier: list[Sums]
    top: list[Arrears]

    @property
    def total(self) -> Sums:
        return added("合计", self.lines)

    def by(self, key: Callable[[FeeLine], str]) -> list[Sums]:
        """The period's bills by a property, in the order of the stalls."""
        return grouped(self.lines, key)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the content hash and for callers."""
        total = self.total
        return {
            "market": self.market,
            "period": self.period,
            "as_of": self.as_of,
            "charged": total.charged,
            "waived": total.waived,
            "paid": total.paid,
            "outstanding": total.outstanding,
            "rate": None if total.rate is None else round(total.rate, 6),
            "fees": [[line.fee, line.charged, line.waived, line.paid] for line in self.lines],
            "earlier": [asdict(sums) for sums in self.earlier],
            "top": [asdict(row) for row in self.top],
        }


def read(market: str, period: str, as_of: date) -> Collection:
    """The bills of a period and the arrears of earlier ones, as they stood at the end of a day."""
    lines = _lines(market, as_of)
    this = [line for line in lines if line.period == period]
    before = [line for line in lines if line.period < period]
    return Collection(market, period, as_of, this, grouped(before, lambda line: line.period), _top(lines))


def added(label: str, lines: Sequence[FeeLine]) -> Sums:
    return Sums(
        label,
        len(lines),
        sum((line.charged for line in lines), ZERO),
        sum((line.waived for line in lines), ZERO),
        sum((line.paid for line in lines), ZERO),
    )


def grouped(lines: Sequence[FeeLine], key: Callable[[FeeLine], str]) -> list[Sums]:
    groups: dict[str, list[FeeLine]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return [added(label, own) for label, own in groups.items()]


def _lines(market: str, as_of: date) -> list[FeeLine]:
    balances = _balances(market, as_of)
    places = _places(market)
    fields = ["name", "stall", "fee_type", "period", "due_date"]
    found = []
    fees = frappe.get_all("Fee", filters={"market": market}, fields=fields)
    for fee in sorted(fees, key=lambda f: (f.period, f.stall, terms.fee_type_rank(f.fee_type), f.name)):
        charged = balances.get((fee.name, INCOME), ZERO)
        if not charged:
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
                charged=charged,
                waived=-balances.get((fee.name, WAIVED), ZERO),
                paid=-balances.get((fee.name, PREPAID), ZERO),
            )
        )
    return found


def _balances(market: str, as_of: date) -> dict[tuple[str, str], Decimal]:
    """(fee, other account) → what the receivable gained against that account."""
    entry = frappe.qb.DocType("Account Entry")
    found: dict[tuple[str, str], Decimal] = {}
    for receivable, other, sign in (
        (entry.debit_account, entry.credit_account, 1),
        (entry.credit_account, entry.debit_account, -1),
    ):
        query = frappe.qb.from_(entry).select(entry.fee, other, Sum(entry.amount))
        query = query.where(
            (entry.market == market) & (entry.posting_date <= as_of) & (receivable == RECEIVABLE)
        )
        for fee, account, amount in query.groupby(entry.fee, other).run():
            found[fee, account] = found.get((fee, account), ZERO) + sign * yuan(amount)
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
        if line.outstanding > 0:
            owing.setdefault(line.stall_no, []).append(line)
    found = [
        Arrears(
            stall_no,
            own[0].area,
            len(own),
            min((line.due_date for line in own if line.due_date), default=None),
            sum((line.outstanding for line in own), ZERO),
        )
        for stall_no, own in owing.items()
    ]
    return sorted(found, key=lambda row: (-row.outstanding, row.stall_no))[:TOP]
