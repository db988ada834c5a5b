"""Which money paid what: a merchant's prepaid account told as lots, one for each payment that came in.

The money of a payment pays the fees it was taken for. What is left of it lies in the balance, and the oldest money there is
used first. Money that comes back (a bill was reversed, a refund failed, a deposit is released) is again that of the payment
it once came by. So it is known at any time where the money of a payment is, and taking the payment back takes it back from
there (source: domain.md, money rule 4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.ledger import (
    DEPOSIT,
    DEPOSIT_HELD,
    DEPOSIT_RELEASE,
    OPENING,
    PAYMENT,
    PREPAID,
    REVERSAL,
)


class MoneyEntry(Protocol):
    """What has to be known of an entry of the prepaid account."""

    @property
    def name(self) -> str: ...
    @property
    def entry_type(self) -> str: ...
    @property
    def debit_account(self) -> str: ...
    @property
    def credit_account(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def payment_order(self) -> str | None: ...
    @property
    def lease(self) -> str | None: ...
    @property
    def reversal_of(self) -> str | None: ...
    @property
    def counted_from(self) -> date: ...


E = TypeVar("E", bound=MoneyEntry)


@dataclass
class _Lot:
    """What of some money lies in the balance, and since when."""

    free: Decimal
    since: date


@dataclass
class _Use(Generic[E]):
    """An entry that took money out of the balance, and how much of which lot it still holds."""

    entry: E
    parts: dict[str, Decimal] = field(default_factory=dict)


class Lots(Generic[E]):
    """The lots of one merchant after all entries of the prepaid account, oldest first.

    `order_of` names the payment that an entry belongs to which does not say so itself (a refund knows its own).
    """

    def __init__(self, entries: Iterable[E], order_of: Mapping[str, str] | None = None) -> None:
        self._lots: dict[str, _Lot] = {}
        self._uses: dict[str, _Use[E]] = {}
        self._entries: dict[str, E] = {}
        self._order_of = order_of or {}
        for entry in entries:
            self._entries[entry.name] = entry
            self._enter(entry)

    def free(self, order: str) -> Decimal:
        """What of a payment lies in the balance, in yuan."""
        return self._lots[order].free if order in self._lots else ZERO

    def uses(self, order: str) -> list[tuple[E, Decimal]]:
        """The entries that hold money of a payment, and how much of it, in the order in which they took it."""
        return [
            (use.entry, part) for use in self._uses.values() if (part := use.parts.get(order, ZERO)) > ZERO
        ]

    def others_free_since(self, order: str) -> date | None:
        """The day since which all that other money has lain in the balance; None when there is no other."""
        days = [lot.since for key, lot in self._lots.items() if key != order and lot.free > ZERO]
        return max(days, default=None)

    def _enter(self, entry: E) -> None:
        if entry.entry_type == REVERSAL:
            self._reverse(entry)
        elif entry.debit_account == PREPAID:
            own = self._order_of.get(entry.name) or entry.payment_order
            # A deposit that is moved is set aside again out of what has just been released.
            self._take(entry, own, newest=entry.entry_type == DEPOSIT)
        elif entry.entry_type == DEPOSIT_RELEASE:
            self._release(entry)
        elif entry.credit_account == PREPAID:
            self._bring(entry.payment_order or entry.name, entry.amount, entry)

    def _reverse(self, entry: E) -> None:
        original = self._entries.get(entry.reversal_of or "")
        if entry.credit_account == PREPAID:
            left = entry.amount
            if original is not None and original.name in self._uses:
                left = self._give_back(self._uses[original.name], left, entry)
            self._bring(entry.payment_order or entry.name, left, entry)
        elif entry.debit_account == PREPAID:
            brought = original is not None and original.entry_type in (PAYMENT, OPENING)
            self._take(entry, entry.payment_order or entry.reversal_of, newest=True)
            if brought:
                del self._uses[entry.name]

    def _take(self, entry: E, own: str | None, newest: bool) -> None:
        """Out of the own lot first, then out of the others."""
        keys = [key for key in (reversed(self._lots) if newest else self._lots) if key != own]
        use = self._uses[entry.name] = _Use(entry)
        left = entry.amount
        for key in [own, *keys] if own in self._lots else keys:
            lot = self._lots[key or ""]
            if (part := min(left, lot.free)) > ZERO:
                lot.free -= part
                left -= part
                use.parts[key or ""] = part

    def _release(self, entry: E) -> None:
        """A deposit comes back from what was set aside for the lease, the oldest first."""
        left = entry.amount
        for use in self._uses.values():
            if use.entry.credit_account == DEPOSIT_HELD and use.entry.lease == entry.lease:
                left = self._give_back(use, left, entry)
        self._bring(entry.name, left, entry)

    def _give_back(self, use: _Use[E], amount: Decimal, entry: E) -> Decimal:
        """Put money of a use back into its lots, the named one first, then the last taken; what it does not hold is left."""
        keys = [key for key in reversed(use.parts) if key != entry.payment_order]
        for key in [entry.payment_order, *keys] if entry.payment_order in use.parts else keys:
            part = min(amount, use.parts[key or ""])
            use.parts[key or ""] -= part
            amount -= part
            self._bring(key or "", part, entry)
        return amount

    def _bring(self, key: str, amount: Decimal, entry: E) -> None:
        if amount > ZERO:
            lot = self._lots.setdefault(key, _Lot(ZERO, entry.counted_from))
            lot.free += amount
            lot.since = max(lot.since, entry.counted_from)
