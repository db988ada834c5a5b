"""The people of the matrix: a guest, merchants, and the staff of two markets, each with the role they have."""

from __future__ import annotations

from dataclasses import dataclass

from tests.live import Caller
from tests.world import World

STAFF_ROLES = (
    *("Market Cashier", "Market Area Manager", "Market Clerk", "Market Finance"),
    *("Market Supervisor", "Market Leader", "Market Administrator"),
)
ADMINISTRATOR = "Market Administrator"


@dataclass(frozen=True)
class Person:
    """Somebody who knocks: `roles` as given to the user; `market` None: limited to none, so an administrator sees all."""

    title: str
    caller: Caller
    user: str
    roles: frozenset[str]
    is_staff: bool
    market: str | None = None

    @property
    def sees_every_market(self) -> bool:
        return self.is_staff and self.market is None


def everybody(world: World, this: str, other: str) -> list[Person]:
    """Signed in: guest, an account bound to nothing, a merchant of each market, each staff role of each market."""
    people = [Person("guest", world.guest(), "Guest", frozenset(), is_staff=False)]
    unbound = world.site.phone("o-probe-unbound", "13900000000")
    unbound.sign_in()
    phones = {"unbound account": unbound}
    phones |= {f"merchant of {m}": world.bound_tenant(market=m).phone for m in (this, other)}
    for title, phone in phones.items():
        who = phone.get("market_mgmt.api.auth.session")
        people.append(Person(title, phone, who["user"], frozenset({"Market Merchant"}), is_staff=False))
    for market in (this, other):
        for role in STAFF_ROLES:
            people.append(_staff(world, market, role))
    return [*people, _staff(world, None, ADMINISTRATOR)]


def _staff(world: World, market: str | None, role: str) -> Person:
    caller = world.clerk(market, role)
    user = caller.get("frappe.auth.get_logged_user")
    title = f"{role} of {market or 'every market'}"
    return Person(title, caller, user, frozenset({role}), is_staff=True, market=market)
