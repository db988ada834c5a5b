"""The ledger's accounts and the postings it admits.

Every Account Entry debits one account and credits another by the same positive amount, so it is balanced by
construction; balance(account) = Σ debit − Σ credit. Which pairs an entry type may carry is fixed here:

    Charge      Receivable           ← Income              a bill is published
                Receivable           ← Deferred Income     one of several months
    Recognition Deferred Income      ← Income              a month of it has become income
    Late Fee    Late Fee Receivable  ← Late Fee Income     late fee accrued
    Payment     Cash                 ← Prepaid             money received, always the whole amount
    Allocation  Prepaid              ← Receivable or Late Fee Receivable
    Waiver      Waived               ← Receivable or Late Fee Receivable
    Refund Hold Prepaid              ← Refund Payable   a refund is approved: the money cannot be spent twice
    Refund      Refund Payable       ← Cash             it has left
    Deposit     Prepaid              ← Deposit Held     set aside for a lease, out of what was received
    Deposit Release    Deposit Held  ← Prepaid          then allocated, refunded or set aside again like any balance
    Opening     Opening Balance ← Deposit Held or Prepaid   what was there of a lease before this system, never cash
    Cash Over/Short    Cash      ↔ Cash Over/Short     counted at the end of a session: over, or short the other way round
    Reversal    the pair of the entry it reverses, swapped

An entry's posting date is its day in the books; its value date, if it has one, is the day that counts for late fees.
They differ when the day lies in a month that was closed before the entry became known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from market_mgmt.domain.amounts import ZERO, is_cents

RECEIVABLE = "Receivable"
LATE_FEE_RECEIVABLE = "Late Fee Receivable"
PREPAID = "Prepaid"
CASH = "Cash"
INCOME = "Income"
DEFERRED_INCOME = "Deferred Income"
LATE_FEE_INCOME = "Late Fee Income"
WAIVED = "Waived"
DEPOSIT_HELD = "Deposit Held"
REFUND_PAYABLE = "Refund Payable"
OPENING_BALANCE = "Opening Balance"
# An account and the type of its entries, the only ones that need no merchant.
OVER_SHORT = "Cash Over/Short"

CHARGE = "Charge"
RECOGNITION = "Recognition"
LATE_FEE = "Late Fee"
PAYMENT = "Payment"
ALLOCATION = "Allocation"
WAIVER = "Waiver"
REFUND_HOLD = "Refund Hold"
REFUND = "Refund"
DEPOSIT = "Deposit"
DEPOSIT_RELEASE = "Deposit Release"
OPENING = "Opening"
REVERSAL = "Reversal"

PAIRS: dict[str, frozenset[tuple[str, str]]] = {
    CHARGE: frozenset({(RECEIVABLE, INCOME), (RECEIVABLE, DEFERRED_INCOME)}),
    RECOGNITION: frozenset({(DEFERRED_INCOME, INCOME)}),
    LATE_FEE: frozenset({(LATE_FEE_RECEIVABLE, LATE_FEE_INCOME)}),
    PAYMENT: frozenset({(CASH, PREPAID)}),
    ALLOCATION: frozenset({(PREPAID, RECEIVABLE), (PREPAID, LATE_FEE_RECEIVABLE)}),
    WAIVER: frozenset({(WAIVED, RECEIVABLE), (WAIVED, LATE_FEE_RECEIVABLE)}),
    REFUND_HOLD: frozenset({(PREPAID, REFUND_PAYABLE)}),
    REFUND: frozenset({(REFUND_PAYABLE, CASH)}),
    DEPOSIT: frozenset({(PREPAID, DEPOSIT_HELD)}),
    DEPOSIT_RELEASE: frozenset({(DEPOSIT_HELD, PREPAID)}),
    OPENING: frozenset({(OPENING_BALANCE, DEPOSIT_HELD), (OPENING_BALANCE, PREPAID)}),
    OVER_SHORT: frozenset({(CASH, OVER_SHORT), (OVER_SHORT, CASH)}),
}
PAIRS[REVERSAL] = frozenset((credit, debit) for pairs in PAIRS.values() for debit, credit in pairs)

OF_A_FEE = frozenset({RECEIVABLE, LATE_FEE_RECEIVABLE})
LATE_FEE_PAIR = frozenset({LATE_FEE_RECEIVABLE, LATE_FEE_INCOME})


@dataclass(frozen=True)
class Posting:
    """One entry to be written. Raises ValueError when the ledger does not admit it."""

    market: str
    merchant: str | None
    posting_date: date
    entry_type: str
    debit_account: str
    credit_account: str
    amount: Decimal
    idempotency_key: str
    lease: str | None = None
    stall: str | None = None
    fee: str | None = None
    payment_order: str | None = None
    voucher_type: str | None = None
    voucher_no: str | None = None
    reversal_of: str | None = None
    remark: str | None = None
    value_date: date | None = None

    def __post_init__(self) -> None:
        problem = entry_problem(self)
        if problem:
            raise ValueError(problem)
        if not self.idempotency_key:
            raise ValueError("an entry needs an idempotency key")


class Entry(Protocol):
    """What the rules look at, whether about to be posted or read back."""

    @property
    def posting_date(self) -> date: ...
    @property
    def value_date(self) -> date | None: ...
    @property
    def entry_type(self) -> str: ...
    @property
    def debit_account(self) -> str: ...
    @property
    def credit_account(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def merchant(self) -> str | None: ...
    @property
    def fee(self) -> str | None: ...
    @property
    def lease(self) -> str | None: ...
    @property
    def reversal_of(self) -> str | None: ...


def entry_problem(entry: Entry) -> str | None:
    """Why the ledger does not admit an entry, or None."""
    if entry.entry_type not in PAIRS:
        return f"unknown entry type {entry.entry_type}"
    pair = (entry.debit_account, entry.credit_account)
    if pair not in PAIRS[entry.entry_type]:
        return f"{entry.entry_type} cannot debit {entry.debit_account} and credit {entry.credit_account}"
    if entry.amount <= ZERO or not is_cents(entry.amount):
        return f"amount must be positive and in whole cents: {entry.amount}"
    if (OF_A_FEE | {DEFERRED_INCOME}) & set(pair) and not entry.fee:
        return f"{entry.entry_type} on {' and '.join(pair)} must name a fee"
    if {DEPOSIT_HELD, OPENING_BALANCE} & set(pair) and not entry.lease:
        return f"{entry.entry_type} on {' and '.join(pair)} must name a lease"
    if not entry.merchant and OVER_SHORT not in pair:
        return f"{entry.entry_type} on {' and '.join(pair)} must name a merchant"
    if (entry.entry_type == REVERSAL) != bool(entry.reversal_of):
        return "a reversal, and nothing else, names the entry it reverses"
    return None


def balance(entries: Iterable[Entry], account: str) -> Decimal:
    """Σ debit − Σ credit of an account over entries, in yuan."""
    total = ZERO
    for entry in entries:
        if entry.debit_account == account:
            total += entry.amount
        if entry.credit_account == account:
            total -= entry.amount
    return total


@dataclass(frozen=True)
class FeeAccount:
    """What the ledger says about one fee, in yuan.

    `late_fee_posted` is the lifetime sum of posted late fees, whatever was paid or waived of it. `reductions` are the
    days on which principal was paid or waived (a payment taken back counts negative), as late fees need them.
    `entry_count` only ever grows, which makes it good for idempotency keys.
    """

    principal: Decimal = ZERO
    late_fee: Decimal = ZERO
    late_fee_posted: Decimal = ZERO
    reductions: tuple[tuple[date, Decimal], ...] = ()
    entry_count: int = 0


def fee_account(entries: Iterable[Entry]) -> FeeAccount:
    """The account of a fee from all its entries."""
    entries = list(entries)
    late = [entry for entry in entries if {entry.debit_account, entry.credit_account} == LATE_FEE_PAIR]
    return FeeAccount(
        principal=balance(entries, RECEIVABLE),
        late_fee=balance(entries, LATE_FEE_RECEIVABLE),
        late_fee_posted=balance(late, LATE_FEE_RECEIVABLE),
        reductions=tuple(
            (entry.value_date or entry.posting_date, -balance([entry], RECEIVABLE))
            for entry in entries
            if RECEIVABLE in (entry.debit_account, entry.credit_account) and entry.entry_type != CHARGE
        ),
        entry_count=len(entries),
    )
