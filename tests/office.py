"""The office's side of money at WeChat: refunds asked for and approved, mornings on which bills are fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.live import Caller
from tests.world import Tenant, World

STAFF = "market_mgmt.api.staff"
RECONCILIATION = "Market Payment Reconciliation"


@dataclass(frozen=True)
class Office:
    """The finance clerk and the supervisor of a market."""

    world: World
    finance: Caller
    supervisor: Caller

    def ask(self, tenant: Tenant, order: str, amount: str, reason: str = "重复缴费") -> str:
        """A refund of a payment, whose fees are owed again; nobody has approved it."""
        return self.finance.post(
            f"{STAFF}.request_refund",
            merchant=tenant.merchant,
            amount=amount,
            channel="WeChat",
            reason=reason,
            payment_order=order,
            reopen_fees=True,
        )["name"]

    def approved(self, tenant: Tenant, order: str, amount: str, **more: str) -> str:
        name = self.ask(tenant, order, amount, **more)
        self.supervisor.post(f"{STAFF}.review_refund", name=name, approve=True)
        return name

    def sent(self, tenant: Tenant, order: str, amount: str, **more: str) -> str:
        """An approved refund that the job of the minute has handed to WeChat."""
        name = self.approved(tenant, order, amount, **more)
        self.world.run("sweep_refunds")
        assert self.status(name) == "Processing"
        return name

    def ends(self, refund: str, **how: str) -> None:
        """The bank answers WeChat, and WeChat notifies the site, which acknowledges whatever it hears at once."""
        before = len(attempts(self.world))
        self.world.site.control("end_refund", out_refund_no=refund, **how)
        self.world.delivered()
        assert {attempt["status"] for attempt in attempts(self.world)[before:]} <= {200}

    def status(self, refund: str) -> str:
        return self.world.value("Refund", refund, "status")

    def reconcile(self, market: str, day: datetime) -> dict[str, Any]:
        """The finance clerk has a day looked at again."""
        return self.finance.post(f"{STAFF}.reconcile_day", market=market, day=str(day.date()))


def attempts(world: World) -> list[dict[str, Any]]:
    """Every delivery of a notification so far, and how it was answered."""
    return world.site.control("attempts")["attempts"]


def office(world: World, market: str) -> Office:
    return Office(world, world.clerk(market, "Market Finance"), world.clerk(market, "Market Supervisor"))


def posted(world: World, tenant: Tenant, entry_type: str) -> Decimal:
    """The sum of a merchant's ledger entries of a type."""
    return sum(
        (Decimal(amount) for kind, amount in world.entries(tenant.merchant) if kind == entry_type), Decimal(0)
    )


def sound(world: World, market: str) -> bool:
    """Every invariant of the market's ledger holds."""
    with world.books():
        from market_mgmt.services import ledger

        return ledger.check(market) == []


def morning_after(day: datetime, hour: int = 10, minute: int = 20) -> datetime:
    return (day + timedelta(days=1)).replace(hour=hour, minute=minute)


def day_of(world: World, day: datetime, mchid: str | None = None, sub_mchid: str = "") -> dict:
    """What was written down about a payee's day; empty when it was not reconciled."""
    key = f"{mchid or world.site.keys.mchid}|{sub_mchid}|{day.date()}"
    fields = [
        "name",
        "status",
        "payments",
        "amount",
        "refunded",
        "fee",
        "expected_fee",
        "trade_bill",
        "fund_bill",
    ]
    return world.value(RECONCILIATION, {"day_key": key}, fields) or {}


def kept(world: World, address: str) -> str:
    """The content of a bill that was kept."""
    with world.books() as frappe:
        content = frappe.get_doc("File", {"file_url": address}).get_content()
    return content.decode() if isinstance(content, bytes) else content
