"""How what is owed, prepaid, held and going back changed in a day: from the morning's balance to the evening's, by cause.

Every entry that touches one of the accounts has a cause, so that morning + causes = evening; the evening is asked of
the ledger by itself, and a difference is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cn_connect.money import ZERO
from market_mgmt.domain.ledger import (
    DEFERRED_INCOME,
    DEPOSIT_HELD,
    INCOME,
    LATE_FEE_INCOME,
    LATE_FEE_RECEIVABLE,
    OF_A_FEE,
    PREPAID,
    RECEIVABLE,
    REFUND_PAYABLE,
    WAIVED,
)
from market_mgmt.services import terms
from market_mgmt.services.reports.journal_rows import Entry

OWED, PREPAID_MONEY, DEPOSITS, GOING_BACK, DEFERRED = "应收账款", "预存款", "押金", "待退款", "预收账款"


@dataclass(frozen=True)
class Movement:
    """One cause of a change, positive when the balance grows."""

    label: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Balance:
    """One balance in a day, in yuan."""

    name: str
    opening: Decimal
    movements: list[Movement]

    @property
    def opening_label(self) -> str:
        return "日初应收（含滞纳金）" if self.name == OWED else f"日初{self.name}"

    @property
    def closing_label(self) -> str:
        return "日终应收（含滞纳金）" if self.name == OWED else f"日终{self.name}"

    @property
    def moved(self) -> Decimal:
        return sum((movement.amount for movement in self.movements), ZERO)

    @property
    def closing(self) -> Decimal:
        return self.opening + self.moved


# Name, the accounts, and whether they stand in debit (1) or in credit (−1).
BALANCES: tuple[tuple[str, frozenset[str], int], ...] = (
    (OWED, OF_A_FEE, 1),
    (PREPAID_MONEY, frozenset({PREPAID}), -1),
    (DEPOSITS, frozenset({DEPOSIT_HELD}), -1),
    (GOING_BACK, frozenset({REFUND_PAYABLE}), -1),
    (DEFERRED, frozenset({DEFERRED_INCOME}), -1),
)

# Causes of what is owed, in the order in which they are shown.
_OWED_CAUSES = {
    (RECEIVABLE, INCOME): "新出账单",
    (RECEIVABLE, DEFERRED_INCOME): "新出账单",
    (LATE_FEE_RECEIVABLE, LATE_FEE_INCOME): "新增滞纳金",
    (RECEIVABLE, PREPAID): "收回账单",
    (LATE_FEE_RECEIVABLE, PREPAID): "收回滞纳金",
    (RECEIVABLE, WAIVED): "减免账单",
    (LATE_FEE_RECEIVABLE, WAIVED): "减免滞纳金",
}


def balances(entries: Sequence[Entry], before: Mapping[str, Decimal]) -> list[Balance]:
    """The balances of a day from its entries and the accounts' balances (of debit) when it began."""
    return [
        Balance(
            name,
            sign * sum((before.get(a, ZERO) for a in accounts), ZERO),
            _movements(entries, accounts, sign),
        )
        for name, accounts, sign in BALANCES
    ]


def _movements(entries: Iterable[Entry], accounts: frozenset[str], sign: int) -> list[Movement]:
    cause_of: Callable[[Entry], str] = _cause_owed if accounts == OF_A_FEE else _cause
    found: dict[str, list[Decimal]] = {}
    for entry in entries:
        for account in accounts & set(entry.accounts):
            found.setdefault(cause_of(entry), []).append(-sign * entry.credited(account))
    order = list(dict.fromkeys(_OWED_CAUSES.values()))
    labels = sorted(found, key=lambda label: order.index(label) if label in order else len(order))
    return [Movement(label, len(found[label]), sum(found[label], ZERO)) for label in labels]


def _cause_owed(entry: Entry) -> str:
    """A bill taken back counts with the bills, a payment taken off a bill with the payments."""
    for receivable, other in (entry.accounts, entry.accounts[::-1]):
        if receivable in OF_A_FEE:
            label = _OWED_CAUSES.get((receivable, other))
            return label or f"{terms.account(receivable)}／{terms.account(other)}"
    raise AssertionError(entry)


def _cause(entry: Entry) -> str:
    label = terms.entry_type(entry.root_type)
    return f"{label}（{terms.entry_type(entry.entry_type)}）" if entry.back else label
