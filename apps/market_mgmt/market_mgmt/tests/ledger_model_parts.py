"""What the model of a market's money consists of: tenancies, bills and what reduces them, payments, refunds."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from market_mgmt.domain import deferral, late_fee
from market_mgmt.domain.allocation import OpenFee
from market_mgmt.domain.amounts import ZERO

COUNTER, WECHAT = "Transfer", "WeChat"
PENDING, CLOSED, PAID, REVERSED, QUARANTINED = "Pending", "Closed", "Paid", "Reversed", "Quarantined"
UNDER_WAY, SUCCEEDED, FAILED = "Processing", "Succeeded", "Failed"


class Refused(Exception):
    """The rules do not allow it; the books are as before."""


class Brought:
    """Money that no payment brought here: it was there before this system."""


@dataclass(eq=False)
class Tenancy:
    """A lease of one stall by one merchant; late fees run on its rent by the market's first rule."""

    lease: str
    market: str
    merchant: str
    rent: Decimal
    start: date
    last_day: date
    deposit: Decimal
    held: Decimal = ZERO
    # What was there before this system, None as long as nobody has said, and whether any deposit ever moved.
    opening_deposit: Decimal | None = None
    opening_balance: "dict[Brought, Decimal]" = field(default_factory=dict)
    moved: bool = False
    ended: bool = False
    cycle: str = "Monthly"


@dataclass
class Accrual:
    """Late fees posted on a day; `amount` shrinks when a payment becomes known late."""

    day: date
    amount: Decimal


@dataclass(eq=False)
class Bill:
    """A published bill: what reduced its principal on which day, late fees posted, late fees paid or waived."""

    name: str
    tenancy: Tenancy
    period: str
    last_day: date
    generated: bool
    due: date
    priority: int
    amount: Decimal
    terms: late_fee.Terms | None
    reductions: list[tuple[date, Decimal]] = field(default_factory=list)
    accruals: list[Accrual] = field(default_factory=list)
    late_settled: Decimal = ZERO
    waived: Decimal = ZERO
    reversed: bool = False
    # Of rent of several months: its months, and how many of them are income.
    shares: list[deferral.Share] = field(default_factory=list)
    recognised: int = 0

    @property
    def deferred(self) -> Decimal:
        """Billed, and not yet income."""
        return ZERO if self.reversed else sum((s.amount for s in self.shares[self.recognised :]), ZERO)

    def recognise(self, through: date) -> None:
        self.recognised += len(list(deferral.due(self.shares, self.recognised, through)))

    @property
    def principal(self) -> Decimal:
        return self.amount - sum((amount for _day, amount in self.reductions), ZERO)

    @property
    def late_posted(self) -> Decimal:
        return sum((accrual.amount for accrual in self.accruals), ZERO)

    @property
    def late(self) -> Decimal:
        return self.late_posted - self.late_settled

    @property
    def is_open(self) -> bool:
        return not self.reversed and self.principal + self.late > 0

    def late_due(self, on: date) -> Decimal:
        """Posted and not paid, and what has accrued since."""
        return self.late + max(self._growth(on), ZERO)

    def accrue(self, on: date) -> None:
        growth = self._growth(on)
        if self.is_open and growth > 0:
            self.accruals.append(Accrual(on, growth))

    def unwind(self, on: date) -> date | None:
        """Take back what was posted for days after `on`, as far as it is unpaid; the last day posted for, if any."""
        latest = max((accrual.day for accrual in self.accruals), default=on)
        if latest <= on:
            return None
        excess = min(-self._growth(on), self.late)
        for accrual in sorted(self.accruals, key=lambda accrual: accrual.day, reverse=True):
            part = max(min(excess, accrual.amount), ZERO)
            accrual.amount -= part
            excess -= part
        return latest

    def open_fee(self, on: date) -> OpenFee:
        return OpenFee(self.name, self.due, self.priority, self.principal, self.late_due(on))

    def _growth(self, on: date) -> Decimal:
        if self.terms is None:
            return ZERO
        return late_fee.owed(self.terms, self.amount, self.reductions, on) - self.late_posted


@dataclass(eq=False)
class Order:
    """A payment, whatever became of it."""

    number: int
    merchant: str
    amount: Decimal
    channel: str
    placed: datetime
    chosen: tuple[str, ...] = ()
    state: str = PENDING
    receipt: tuple[str, int] | None = None
    void: bool = False


@dataclass(eq=False)
class Refund:
    """Money that goes back; `held` is what it took out of the balance."""

    merchant: str
    amount: Decimal
    channel: str
    order: Order | None
    held_on: date
    held: Any
    state: str = UNDER_WAY
