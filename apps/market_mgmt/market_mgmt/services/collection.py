"""What was charged, waived and received of bills, summed over the ledger as of a day. See `domain.collection`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pypika.functions import Sum
from pypika.terms import Criterion

import frappe
from cn_connect.money import ZERO, yuan
from frappe.utils import getdate
from market_mgmt.domain.collection import Figures, figures
from market_mgmt.domain.ledger import LATE_FEE_RECEIVABLE, RECEIVABLE
from market_mgmt.domain.periods import month_of
from market_mgmt.services import ledger
from market_mgmt.services.rows import chunks

# Narrows a query to some bills, given the table of bills.
Narrowed = Callable[[Any], Criterion]
NOTHING = Figures()


def of_market(market: str, as_of: date, narrowed: Narrowed | None = None) -> dict[str, Figures]:
    """The principal of a market's bills at the end of a day, by bill; only those that were ever charged."""
    gained: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    entry, fee = frappe.qb.DocType("Account Entry"), frappe.qb.DocType("Fee")
    for own, other, sign in (
        (entry.debit_account, entry.credit_account, 1),
        (entry.credit_account, entry.debit_account, -1),
    ):
        query = frappe.qb.from_(entry).select(entry.fee, other, Sum(entry.amount))
        query = query.where((entry.market == market) & (entry.posting_date <= as_of) & (own == RECEIVABLE))
        if narrowed is not None:
            query = query.join(fee).on(fee.name == entry.fee).where(narrowed(fee))
        for name, account, amount in query.groupby(entry.fee, other).run():
            gained[name][account] += sign * yuan(amount)
    return {name: figures(accounts) for name, accounts in gained.items()}


def of_fees(names: Iterable[str], account: str = RECEIVABLE) -> dict[str, Figures]:
    """The principal (or, of the account for it, the late fee) of these bills by now, by bill."""
    gained: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    entry = frappe.qb.DocType("Account Entry")
    for piece in chunks(names):
        query = frappe.qb.from_(entry).select(
            entry.fee, entry.debit_account, entry.credit_account, Sum(entry.amount)
        )
        query = query.where(
            entry.fee.isin(piece) & ((entry.debit_account == account) | (entry.credit_account == account))
        )
        for name, debit, credit, amount in query.groupby(
            entry.fee, entry.debit_account, entry.credit_account
        ).run():
            other, sign = (credit, 1) if debit == account else (debit, -1)
            gained[name][other] += sign * yuan(amount)
    return defaultdict(Figures, {name: figures(accounts) for name, accounts in gained.items()})


def late_fees_of(names: Iterable[str]) -> dict[str, Figures]:
    """The posted late fees of these bills by now, by bill."""
    return of_fees(names, LATE_FEE_RECEIVABLE)


def added(many: Iterable[Figures]) -> Figures:
    return sum(many, NOTHING)


@dataclass(frozen=True)
class PeriodFigures:
    """The figures of a period's bills, of those due in its month, and what is overdue whatever its period."""

    of_period: Figures
    due_in_month: Figures
    overdue: Decimal
    stalls_in_arrears: int


def of_period(market: str, period: str, today: date) -> PeriodFigures:
    """What the collection analysis of a period says, read without its details."""
    month = month_of(period)

    def concerned(fee: Any) -> Criterion:
        due_in_month = (fee.due_date >= month.start) & (fee.due_date <= month.end)
        return (fee.period == period) | due_in_month | ((fee.due_date < today) & fee.status.isin(ledger.OPEN))

    figures = of_market(market, today, concerned)
    fees = {}
    for piece in chunks(figures):
        fields = ["name", "stall", "period", "due_date"]
        rows = frappe.get_all("Fee", filters={"name": ["in", piece]}, fields=fields)
        fees.update({row.name: row for row in rows})
    dues = {name: getdate(row.due_date) for name, row in fees.items() if row.due_date}
    overdue = {
        name: figures[name].outstanding
        for name, due in dues.items()
        if due < today and figures[name].outstanding > 0
    }
    return PeriodFigures(
        added(own for name, own in figures.items() if fees[name].period == period),
        added(figures[name] for name, due in dues.items() if month.start <= due <= month.end),
        sum(overdue.values(), ZERO),
        len({fees[name].stall for name in overdue}),
    )
