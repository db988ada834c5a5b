"""A merchant's money in the model: what each payment brought, what of it lies in the balance, and what took the rest."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from market_mgmt.domain.amounts import ZERO
from market_mgmt.tests.ledger_model_parts import Bill, Brought, Order, Refused, Tenancy


@dataclass(eq=False)
class Lot:
    """The money of a payment, or of before this system, that lies in the balance, and since when."""

    order: Order | Brought
    free: Decimal
    since: date


@dataclass(eq=False)
class Holding:
    """Something that took money out of the balance, lot by lot: a bill, a deposit, or a refund when both are empty."""

    parts: dict[Lot, Decimal]
    bill: Bill | None = None
    late: bool = False
    on: date = date.min
    deposit_of: Tenancy | None = None

    @property
    def amount(self) -> Decimal:
        return sum(self.parts.values(), ZERO)


@dataclass(eq=False)
class Purse:
    lots: list[Lot] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)

    @property
    def balance(self) -> Decimal:
        return sum((lot.free for lot in self.lots), ZERO)

    def bring(self, order: Order | Brought, amount: Decimal, on: date) -> None:
        self.lots.append(Lot(order, amount, on))

    def lot_of(self, order: Order | None) -> Lot | None:
        return next((lot for lot in self.lots if lot.order is order), None)

    def take(
        self, amount: Decimal, first: Order | Brought | None = None, newest: bool = False
    ) -> dict[Lot, Decimal]:
        """The money of the payment `first`, then the oldest of the others, or the newest."""
        lots = self.lots[::-1] if newest else self.lots
        parts = {}
        for lot in sorted(lots, key=lambda lot: lot.order is not first):
            if part := min(amount, lot.free):
                parts[lot] = part
                lot.free -= part
                amount -= part
        if amount:
            raise Refused
        return parts

    def hold(self, amount: Decimal, first: Order | None, **what: object) -> Holding:
        self.holdings.append(Holding(self.take(amount, first), **what))  # type: ignore[arg-type]
        return self.holdings[-1]

    def give_back(self, holding: Holding, amount: Decimal, on: date, only: Lot | None = None) -> Decimal:
        """Put up to `amount` of what a holding holds (of one lot) back into its lots; returns how much that is."""
        back = ZERO
        for lot in [only] if only else list(holding.parts)[::-1]:
            part = min(amount - back, holding.parts.get(lot, ZERO))
            if part > 0:
                holding.parts[lot] -= part
                lot.free += part
                lot.since = max(lot.since, on)
                back += part
        return back
