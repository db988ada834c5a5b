"""The merchants of the cycle: each signs in on a phone, binds a stall and pays over HTTP, well-behaved or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import frappe
from tests.live import LiveSite, Phone

# One merchant in so many never accepts messages and gets the notices in the app alone.
CONSENTS_ONE_IN = 5


@dataclass
class Tenant:
    """One merchant of the site, with the phone in their hand and what they paid."""

    merchant: str
    number: int
    stalls: list[tuple[str, str]]
    phone: Phone
    bound: bool = False
    orders: list[str] = field(default_factory=list)
    paid: Decimal = Decimal("0.00")


def tenants(site: LiveSite, market: str, on: date) -> list[Tenant]:
    """Every merchant whose lease runs on that day, in the order of their names."""
    from cn_connect.crypto.fields import plain_value

    leases = frappe.get_all(
        "Lease",
        filters={
            "market": market,
            "status": "Active",
            "start_date": ("<=", on),
            "end_date": (">=", on),
        },
        fields=["merchant", "stall"],
        order_by="merchant, stall",
    )
    tokens = dict(
        frappe.get_all("Stall", filters={"market": market}, fields=["name", "qr_token"], as_list=True)
    )
    by_merchant: dict[str, list[tuple[str, str]]] = {}
    for lease in leases:
        by_merchant.setdefault(lease.merchant, []).append((lease.stall, tokens[lease.stall]))
    found = []
    for number, (merchant, stalls) in enumerate(sorted(by_merchant.items())):
        number_on_file = plain_value(frappe.get_doc("Merchant", merchant), "phone") or ""
        phone = site.phone(f"openid-{merchant.lower()}", number_on_file)
        found.append(Tenant(merchant, number, stalls, phone))
    return found


def sign_in(tenant: Tenant) -> None:
    """Sign in by WeChat, accept the privacy text, bind every stall by its QR code."""
    if tenant.bound:
        return
    phone = tenant.phone
    phone.sign_in()
    for _stall, token in tenant.stalls:
        phone.bind(token)
    if tenant.number % CONSENTS_ONE_IN:
        agree_to_messages(tenant)
    tenant.bound = True


def agree_to_messages(tenant: Tenant) -> None:
    """The fee centre asks for consent to one message of each kind; its owner taps “accept”."""
    templates = list(tenant.phone.get("market_mgmt.api.merchant.consent_templates").values())
    for template in templates:
        tenant.phone.wechat("consent", openid=tenant.phone.openid, template=template)
    tenant.phone.post("market_mgmt.api.merchant.record_consent", templates=templates)


def open_fees(tenant: Tenant) -> list[dict[str, Any]]:
    """What the phone shows as unpaid, the oldest first."""
    answer = tenant.phone.get("market_mgmt.api.merchant.fees")
    return [fee for stall in answer["stalls"] for fee in stall["fees"]]


def pay(tenant: Tenant, fees: Sequence[dict[str, Any]], now: datetime) -> str:
    """Order, confirm in WeChat; returns the order. The notification reaches the site by itself."""
    answer = tenant.phone.post("market_mgmt.api.merchant.pay", fees=[fee["name"] for fee in fees])
    tenant.phone.confirm(answer["pay_params"], now)
    tenant.orders.append(answer["payment_order"])
    tenant.paid += Decimal(answer["amount"])
    return answer["payment_order"]


def pay_fully(tenant: Tenant, site: LiveSite, now: datetime) -> None:
    pay(tenant, open_fees(tenant), now)


def pay_partly(tenant: Tenant, site: LiveSite, now: datetime) -> None:
    """Only the oldest fee."""
    pay(tenant, open_fees(tenant)[:1], now)


def pay_twice(tenant: Tenant, site: LiveSite, now: datetime) -> None:
    """Two tries for the same fees: the first is given up before it is paid, the second is notified twice."""
    fees = open_fees(tenant)
    abandoned = tenant.phone.post("market_mgmt.api.merchant.pay", fees=[fee["name"] for fee in fees])
    site.control("fault", target="wechat_pay.notify", mode="duplicate")
    pay(tenant, fees, now)
    state = tenant.phone.post("market_mgmt.api.merchant.payment", payment_order=abandoned["payment_order"])
    if state["status"] != "Closed":
        raise AssertionError(f"the first try is {state['status']}, not closed")


def pay_in_two_parts_out_of_order(tenant: Tenant, site: LiveSite, now: datetime) -> None:
    """Two orders for different fees whose notifications arrive in the wrong order."""
    fees = open_fees(tenant)
    parts = [part for part in (fees[:1], fees[1:]) if part]
    site.control("fault", target="wechat_pay.notify", mode="hold", count=len(parts))
    for part in parts:
        pay(tenant, part, now)
    site.control("release", newest_first=True)


def pay_unnoticed(tenant: Tenant, site: LiveSite, now: datetime) -> None:
    """The notification is lost; the phone asks when its owner comes back from WeChat."""
    site.control("fault", target="wechat_pay.notify", mode="drop")
    order = pay(tenant, open_fees(tenant), now)
    tenant.phone.post("market_mgmt.api.merchant.payment", payment_order=order)


Habit = Callable[[Tenant, LiveSite, datetime], None]
# By the last digit of a merchant's place in the list; the missing one never pays.
BEFORE_DUE: dict[int, Habit] = {0: pay_fully, 1: pay_fully, 2: pay_partly, 3: pay_twice}
AFTER_RED_CARD: dict[int, Habit] = {
    2: pay_fully,
    4: pay_fully,
    5: pay_twice,
    6: pay_in_two_parts_out_of_order,
    7: pay_unnoticed,
    8: pay_partly,
}


def habit(tenant: Tenant, habits: dict[int, Habit]) -> Habit | None:
    """How this merchant pays, if at all."""
    return habits.get(tenant.number % 10)
