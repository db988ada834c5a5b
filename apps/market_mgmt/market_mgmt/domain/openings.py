"""What a lease brings along from before this system (source: domain.md, money rule 7)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Opening:
    """What a lease brought along, in yuan; None for what nobody has said."""

    deposit: Decimal | None = None
    balance: Decimal | None = None

    def news(self, said: "Opening") -> "Opening":
        """What is said of which nothing was recorded so far."""
        return Opening(
            said.deposit if self.deposit is None else None,
            said.balance if self.balance is None and said.balance else None,
        )


def presumed_deposit(
    agreed: Decimal, begins: date, books_since: date | None, known: bool, moved: bool
) -> Decimal:
    """What of its agreed deposit a lease brought along from before this system though nobody recorded it, in yuan.

    All of it when the lease is older than the market's books and these know of no deposit of it: a deposit is paid when
    the lease is signed. Nothing when it was recorded what was paid (`known`, perhaps nothing) or any of it has `moved`.
    """
    older = books_since is None or begins < books_since
    return agreed if older and not known and not moved else Decimal("0.00")
