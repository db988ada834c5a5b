"""What each payment, refund or transfer of a day moved, part by part, out of plain ledger entries. Reads nothing.

Money is what lies in cash, in prepaid balances, in deposits and in refunds under way. Every entry that touches one of
these belongs to exactly one row, and a row counts both sides of it: so in each row the cash equals the sum of the
parts, and over a day each part is by how much its account grew. An account that no part is named for is 其他往来, and
never missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cn_connect.money import ZERO
from market_mgmt.domain.ledger import (
    CASH,
    DEPOSIT_HELD,
    LATE_FEE_RECEIVABLE,
    OVER_SHORT,
    PREPAID,
    RECEIVABLE,
    REFUND_PAYABLE,
    REVERSAL,
)

RENT, WATER, POWER, OTHER, LATE_FEE = "租金", "水费", "电费", "其他费用", "滞纳金"
DEPOSIT, REST, HELD, SHORT, REMAINDER = "押金", "转入预存", "待退款", "长短款", "其他往来"
FEE_PARTS = (RENT, WATER, POWER, OTHER)
PARTS = (*FEE_PARTS, LATE_FEE, DEPOSIT, REST, HELD, SHORT, REMAINDER)

MONEY = frozenset({CASH, PREPAID, DEPOSIT_HELD, REFUND_PAYABLE})
_PART_OF_ACCOUNT = {
    LATE_FEE_RECEIVABLE: LATE_FEE,
    DEPOSIT_HELD: DEPOSIT,
    PREPAID: REST,
    REFUND_PAYABLE: HELD,
    OVER_SHORT: SHORT,
}
_PART_OF_TYPE = {"Rent": RENT, "Water": WATER, "Electricity": POWER}

ORDER_VOUCHER, REFUND_VOUCHER = "Market Payment Order", "Refund"
# A difference at the end of a session: a channel that was counted.
COUNT_VOUCHER = "Cashier Session Count"


@dataclass(frozen=True)
class Entry:
    """An entry of the day. `root` says what it belongs to: a reversal belongs where the entry it reverses does."""

    name: str
    creation: datetime
    entry_type: str
    debit_account: str
    credit_account: str
    amount: Decimal
    merchant: str
    stall: str
    fee: str
    fee_type: str
    payment_order: str
    root: Source
    root_type: str

    @property
    def accounts(self) -> tuple[str, str]:
        return self.debit_account, self.credit_account

    @property
    def back(self) -> bool:
        return self.entry_type == REVERSAL

    def credited(self, account: str) -> Decimal:
        """By how much the entry lets an account grow that stands in credit; negative where it shrinks."""
        return self.amount * ((self.credit_account == account) - (self.debit_account == account))


@dataclass(frozen=True)
class Source:
    """A payment order, a refund, or else all of a kind that one merchant moved."""

    doctype: str
    name: str


def source(voucher_type: str, voucher_no: str, payment_order: str, entry: Sequence[str]) -> Source:
    """What an original entry belongs to; `entry` is its type, merchant and accounts.

    A refund knows its own way: money of a WeChat payment may go back in cash.
    """
    entry_type, merchant, *accounts = entry
    if voucher_type == REFUND_VOUCHER:
        return Source(REFUND_VOUCHER, voucher_no)
    if payment_order:
        return Source(ORDER_VOUCHER, payment_order)
    if CASH in accounts:
        return Source(voucher_type, voucher_no)
    return Source(entry_type, merchant)


@dataclass
class Row:
    """The entries of one source, those that take something back apart from the others, and what they moved."""

    source: Source
    back: bool
    entries: list[Entry] = field(default_factory=list)
    cash: Decimal = ZERO
    parts: dict[str, Decimal] = field(default_factory=lambda: dict.fromkeys(PARTS, ZERO))

    @property
    def moves_cash(self) -> bool:
        return any(CASH in entry.accounts for entry in self.entries)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        for account, sign in ((entry.credit_account, 1), (entry.debit_account, -1)):
            if account == CASH:
                self.cash -= sign * entry.amount
            else:
                self.parts[part_of(account, entry.fee_type)] += sign * entry.amount


def part_of(account: str, fee_type: str) -> str:
    if account == RECEIVABLE:
        return _PART_OF_TYPE.get(fee_type, OTHER)
    return _PART_OF_ACCOUNT.get(account, REMAINDER)


def rows(entries: Iterable[Entry]) -> list[Row]:
    """The rows of a day, in the order in which their first entries were written."""
    found: dict[tuple[Source, bool], Row] = {}
    for entry in entries:
        if MONEY & set(entry.accounts):
            key = (entry.root, entry.back)
            found.setdefault(key, Row(*key)).add(entry)
    return list(found.values())
