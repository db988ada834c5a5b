"""What was charged, waived and received: the one definition behind every report, page and answer.

A waiver is never received: it lowers what is to be paid. Collection rate = received ÷ (charged − waived), of the
principal; late fees are counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.ledger import PREPAID, WAIVED


@dataclass(frozen=True)
class Figures:
    """The figures of one bill, or of many added up, in yuan."""

    charged: Decimal = ZERO
    waived: Decimal = ZERO
    received: Decimal = ZERO

    @property
    def due(self) -> Decimal:
        """What is to be paid in the end."""
        return self.charged - self.waived

    @property
    def outstanding(self) -> Decimal:
        return self.charged - self.waived - self.received

    @property
    def rate(self) -> Decimal | None:
        """Collection rate; None when nothing was to be paid."""
        return self.received / self.due if self.due else None

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.charged + other.charged, self.waived + other.waived, self.received + other.received
        )


def figures(gained: Mapping[str, Decimal]) -> Figures:
    """The figures of a receivable from what it gained (lost, where negative) against each other account.

    Lost to the prepaid balance is received, lost to the waivers is waived; what else moved it is what was charged,
    so that charged − waived − received is always its balance.
    """
    received, waived = -gained.get(PREPAID, ZERO), -gained.get(WAIVED, ZERO)
    return Figures(sum(gained.values(), ZERO) + received + waived, waived, received)
