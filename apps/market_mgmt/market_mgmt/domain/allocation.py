"""Which fees a payment pays.

Money rule 4 (domain.md): by due date, then fee-type priority, then name; within a fee late fee before principal.
The payer's choice only moves the chosen fees to the front. What is left over is returned: it becomes prepaid balance.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from market_mgmt.domain.amounts import ZERO


@dataclass(frozen=True)
class OpenFee:
    """A published fee with something left to pay, in yuan."""

    name: str
    due_date: date
    priority: int
    principal: Decimal
    late_fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.principal + self.late_fee


@dataclass(frozen=True)
class Share:
    """What a payment pays of one fee."""

    fee: str
    principal: Decimal
    late_fee: Decimal

    @property
    def amount(self) -> Decimal:
        return self.principal + self.late_fee


def allocate(
    amount: Decimal, open_fees: Iterable[OpenFee], chosen_first: Collection[str] = ()
) -> tuple[list[Share], Decimal]:
    """Shares in the order in which the fees are paid, and what is left. Raises ValueError for a negative amount."""
    if amount < 0:
        raise ValueError(f"cannot allocate a negative amount: {amount}")
    chosen = frozenset(chosen_first)
    rest = amount
    shares = []
    for fee in sorted(open_fees, key=lambda fee: (fee.name not in chosen, *_order(fee))):
        late_fee = min(rest, fee.late_fee)
        principal = min(rest - late_fee, fee.principal)
        if late_fee or principal:
            shares.append(Share(fee.name, principal, late_fee))
            rest -= late_fee + principal
        if rest == ZERO:
            break
    return shares, rest


def _order(fee: OpenFee) -> tuple[date, int, str]:
    return fee.due_date, fee.priority, fee.name
