"""The money of one day, read from the ledger: takings order by order, transfers, and how the balances moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pypika.functions import Sum

import frappe
from cn_connect.money import ZERO, yuan
from frappe import _
from market_mgmt.domain.ledger import CASH
from market_mgmt.services import terms
from market_mgmt.services.reports import journal_balances, journal_rows
from market_mgmt.services.reports.journal_balances import (
    BALANCES,
    DEPOSITS,
    GOING_BACK,
    OWED,
    PREPAID_MONEY,
    Balance,
)
from market_mgmt.services.reports.journal_described import Taking, described, values
from market_mgmt.services.reports.journal_rows import (
    DEPOSIT,
    FEE_PARTS,
    HELD,
    LATE_FEE,
    REST,
    Entry,
    Source,
)
from market_mgmt.services.rows import chunks

_ORIGINAL = ("entry_type", "debit_account", "credit_account", "merchant", "payment_order")
_VOUCHER = ("voucher_type", "voucher_no")


@dataclass(frozen=True)
class Journal:
    """A day. `takings` move cash, `transfers` only what is kept for merchants; together they explain every balance."""

    market: str
    day: date
    takings: list[Taking]
    transfers: list[Taking]
    balances: list[Balance]
    entries: list[Entry]

    @property
    def total(self) -> Decimal:
        return sum((taking.amount for taking in self.takings), ZERO)

    @property
    def owed(self) -> Balance:
        return self.balance(OWED)

    def balance(self, name: str) -> Balance:
        return next(balance for balance in self.balances if balance.name == name)

    def part(self, name: str) -> Decimal:
        return sum((taking.parts[name] for taking in self.takings), ZERO)

    def by_channel(self) -> dict[str, tuple[int, Decimal]]:
        """Count and amount by every channel that occurs, the known ones first and in their order."""
        found: dict[str, tuple[int, Decimal]] = {}
        for channel in dict.fromkeys((*terms.CHANNELS.values(), *(one.channel for one in self.takings))):
            amounts = [taking.amount for taking in self.takings if taking.channel == channel]
            if amounts:
                found[channel] = (len(amounts), sum(amounts, ZERO))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the content hash and for callers."""
        return {
            "market": self.market,
            "day": self.day,
            "takings": [asdict(taking) for taking in self.takings],
            "total": self.total,
            "channels": {name: list(sums) for name, sums in self.by_channel().items()},
            "transfers": [asdict(taking) for taking in self.transfers],
            "opening": self.owed.opening,
            "movements": [asdict(movement) for movement in self.owed.movements],
            "closing": self.owed.closing,
            "balances": [{**asdict(one), "closing": one.closing} for one in self.balances],
            "entries": [[e.name, e.entry_type, e.amount] for e in self.entries],
        }


def read(market: str, day: date) -> Journal:
    """Everything that was posted in a market on a day.

    Raises ValidationError when a total is not what the ledger says: a report that does not agree is not issued.
    """
    entries = _entries(market, day)
    before = _account_balances(market, day - timedelta(days=1))
    rows = journal_rows.rows(entries)
    takings = described([row for row in rows if row.moves_cash])
    transfers = described([row for row in rows if not row.moves_cash])
    journal = Journal(market, day, takings, transfers, journal_balances.balances(entries, before), entries)
    _agree(journal, before, _account_balances(market, day))
    return journal


def _agree(journal: Journal, before: dict[str, Decimal], after: dict[str, Decimal]) -> None:
    """Every total of the journal against the ledger's own balances of that morning and evening."""

    def grown(*accounts: str) -> Decimal:
        return sum((after.get(one, ZERO) - before.get(one, ZERO) for one in accounts), ZERO)

    def parts(*names: str) -> Decimal:
        return sum(
            (row.parts[name] for row in (*journal.takings, *journal.transfers) for name in names), ZERO
        )

    def caused(*labels: str) -> Decimal:
        return sum((m.amount for m in journal.owed.movements if m.label in labels), ZERO)

    compared = [
        ("收款合计", journal.total, grown(CASH)),
        ("按收款方式", sum((amount for _n, amount in journal.by_channel().values()), ZERO), grown(CASH)),
        ("收回账单", parts(*FEE_PARTS), -caused("收回账单")),
        ("收回滞纳金", parts(LATE_FEE), -caused("收回滞纳金")),
        *(
            (name, parts(part), journal.balance(name).moved)
            for part, name in ((REST, PREPAID_MONEY), (DEPOSIT, DEPOSITS), (HELD, GOING_BACK))
        ),
        *(
            (name, journal.balance(name).closing, sign * sum((after.get(a, ZERO) for a in accounts), ZERO))
            for name, accounts, sign in BALANCES
        ),
        *(
            (row.receipt or row.kind, row.amount, sum(row.parts.values(), ZERO))
            for row in (*journal.takings, *journal.transfers)
        ),
    ]
    for name, shown, true in compared:
        if shown != true:
            frappe.throw(
                _("The report was not made: {0} would be {1}, but the ledger says {2}.").format(
                    name, shown, true
                )
            )


def _entries(market: str, day: date) -> list[Entry]:
    rows = frappe.get_all(
        "Account Entry",
        filters={"market": market, "posting_date": day},
        fields=["name", "creation", "amount", "stall", "fee", "reversal_of", *_ORIGINAL, *_VOUCHER],
        order_by="creation, name",
    )
    fee_types = values("Fee", (row.fee for row in rows), "fee_type")
    originals = _originals(rows)
    found = []
    for row in rows:
        root = originals.get(row.reversal_of, row) if row.reversal_of else row
        found.append(
            Entry(
                name=row.name,
                creation=row.creation,
                entry_type=row.entry_type,
                debit_account=row.debit_account,
                credit_account=row.credit_account,
                amount=yuan(row.amount),
                merchant=row.merchant or "",
                stall=row.stall or "",
                fee=row.fee or "",
                fee_type=fee_types.get(row.fee, ""),
                payment_order=row.payment_order or "",
                root=_source(root),
                root_type=root.entry_type,
            )
        )
    return found


def _source(row: Any) -> Source:
    entry = (row.entry_type, row.merchant or "", row.debit_account, row.credit_account)
    return journal_rows.source(
        row.voucher_type or "", row.voucher_no or row.name, row.payment_order or "", entry
    )


def _originals(rows: Sequence[Any]) -> dict[str, Any]:
    """What reversals reverse, by name; of any day."""
    names = {row.reversal_of for row in rows if row.reversal_of}
    fields = ["name", *_ORIGINAL, *_VOUCHER]
    return {
        row.name: row
        for piece in chunks(names)
        for row in frappe.get_all("Account Entry", filters={"name": ["in", piece]}, fields=fields)
    }


def _account_balances(market: str, until: date) -> dict[str, Decimal]:
    """Σ debit − Σ credit of each account of a market at the end of a day, in yuan."""
    table = frappe.qb.DocType("Account Entry")
    found: dict[str, Decimal] = {}
    for column, sign in ((table.debit_account, 1), (table.credit_account, -1)):
        query = frappe.qb.from_(table).select(column, Sum(table.amount))
        query = query.where((table.market == market) & (table.posting_date <= until)).groupby(column)
        for account, amount in query.run():
            found[account] = found.get(account, ZERO) + sign * yuan(amount)
    return found
