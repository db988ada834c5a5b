"""What the network and its crooks do to payment notifications: each payment counts once, a forged one never."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.keys import Keys
from tests.live import Refusal
from tests.notifications import Notification, paid
from tests.world import NOW, Tenant, World

PAID_ONCE = [("Charge", "3000.00"), ("Payment", "3000.00"), ("Allocation", "3000.00")]
Forgery = Callable[[Notification, Keys], Notification]


def confirm(tenant: Tenant, placed: dict) -> None:
    tenant.phone.confirm(placed["pay_params"], NOW)


def test_a_duplicated_notification_counts_once(world: World) -> None:
    # Given a gateway that will notify twice
    tenant = world.bound_tenant()
    placed = tenant.pay()
    world.site.control("fault", target="wechat_pay.notify", mode="duplicate")

    # When the merchant pays
    before = len(world.site.control("attempts")["attempts"])
    confirm(tenant, placed)
    world.delivered()

    # Then both are acknowledged, and money and receipt are there once
    attempts = world.site.control("attempts")["attempts"][before:]
    assert [attempt["status"] for attempt in attempts] == [200, 200]
    assert world.entries(tenant.merchant) == PAID_ONCE
    assert len(tenant.receipts()) == 1


def test_a_notification_repeated_later_changes_nothing(world: World) -> None:
    # Given a payment that is settled
    tenant = world.bound_tenant()
    order = tenant.pay()["payment_order"]
    told = paid(world.site.keys, order, "3000.00", NOW)
    assert told.post(world.site).status_code == 200
    before = world.counts()

    # When WeChat, which missed the answer, says it again
    answer = told.post(world.site)

    # Then it is thanked and nothing changes
    assert answer.status_code == 200
    assert world.counts() == before


def test_notifications_in_the_wrong_order_settle_both_payments(world: World) -> None:
    # Given two bills in two orders, both paid, with the notifications held back
    tenant = world.bound_tenant()
    with world.books():
        from market_mgmt.tests import factories

        factories.bills(tenant.market, "2026-11", NOW.date())
    fees = [fee["name"] for fee in tenant.fees()["stalls"][0]["fees"]]
    world.site.control("fault", target="wechat_pay.notify", mode="hold", count=2)
    for fee in fees:
        confirm(tenant, tenant.phone.post("market_mgmt.api.merchant.pay", fees=[fee]))

    # When the later one arrives first
    assert world.site.control("release", newest_first=True)["released"] == 2

    # Then each paid its own bill
    assert tenant.fees()["stalls"][0]["fees"] == []
    assert len(tenant.receipts()) == 2
    assert tenant.fees()["prepaid_balance"] == "0.00"


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "lose"},
        {"mode": "fail", "options": {"status": 429, "code": "RATELIMIT_EXCEEDED"}},
        {"mode": "fail", "options": {"status": 502}},
    ],
    ids=["answer lost", "too often", "system error"],
)
def test_an_order_that_wechat_did_not_answer_is_closed_before_the_next(world: World, fault: dict) -> None:
    # Given an order of which nobody here knows whether WeChat has it
    tenant = world.bound_tenant()
    world.site.control("fault", target="wechat_pay.jsapi", **fault)
    with pytest.raises(Refusal) as refused:
        tenant.pay()
    assert (refused.value.status, refused.value.code) == (503, "GATEWAY_UNAVAILABLE")

    # When the merchant tries again and pays
    confirm(tenant, tenant.pay())
    world.delivered()

    # Then the first one is closed, and the money came once
    with world.books() as frappe:
        filters = {"merchant": tenant.merchant}
        states = frappe.get_all("Market Payment Order", filters, pluck="status", order_by="creation")
    assert states == ["Closed", "Paid"]
    assert world.entries(tenant.merchant) == PAID_ONCE


def test_a_lost_notification_is_made_up_for_when_the_payer_returns(world: World) -> None:
    # Given a payment whose notification is lost
    tenant = world.bound_tenant()
    placed = tenant.pay()
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    confirm(tenant, placed)
    assert world.value("Market Payment Order", placed["payment_order"], "status") == "Pending"

    # When the phone comes back from WeChat and asks
    state = tenant.state(placed["payment_order"])

    # Then WeChat was asked and the payment is settled
    assert state["status"] == "Paid"
    assert state["receipt"] == tenant.receipts()[0]["name"]
    assert world.entries(tenant.merchant) == PAID_ONCE


def test_a_lost_notification_is_made_up_for_by_the_sweeper(world: World) -> None:
    # Given a lost notification and a payer who never opens the phone again
    tenant = world.bound_tenant()
    placed = tenant.pay()
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    confirm(tenant, placed)

    # When the job of the next minute runs
    world.site.set_clock(NOW.replace(minute=1))
    with world.books():
        from market_mgmt import tasks

        tasks.sweep_payments()

    # Then the payment is settled
    assert world.value("Market Payment Order", placed["payment_order"], "status") == "Paid"
    assert world.entries(tenant.merchant) == PAID_ONCE


def other_body(genuine: Notification, keys: Keys) -> Notification:
    told = json.loads(genuine.body)
    return genuine.with_body(json.dumps(told | {"summary": "支付成功！"}, ensure_ascii=False))


def foreign_key(genuine: Notification, keys: Keys) -> Notification:
    return genuine.signed_again(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def old_timestamp(genuine: Notification, keys: Keys) -> Notification:
    return genuine.signed_again(keys.platform_public, int(time.time()) - 301)


def unknown_serial(genuine: Notification, keys: Keys) -> Notification:
    return genuine.with_headers(Wechatpay_Serial="PUB_KEY_ID_" + "0" * 32)


def unsigned(genuine: Notification, keys: Keys) -> Notification:
    return genuine.with_headers(Wechatpay_Signature=None)


def sealed_by_another_key(genuine: Notification, keys: Keys) -> Notification:
    other = Keys({**keys.data, "apiv3_key": "0" * 32})
    return paid(other, "T0", "3000.00", NOW)


@pytest.mark.parametrize(
    "forge", [other_body, foreign_key, old_timestamp, unknown_serial, unsigned, sealed_by_another_key]
)
def test_a_forged_notification_is_refused_and_leaves_nothing(world: World, forge: Forgery) -> None:
    # Given an order that nobody has paid
    tenant = world.bound_tenant()
    order = tenant.pay()["payment_order"]
    genuine = paid(world.site.keys, order, "3000.00", NOW)
    before = world.counts()

    # When somebody posts a notification that WeChat did not sign like this
    answer = forge(genuine, world.site.keys).post(world.site)

    # Then it is refused in WeChat's own form, the order still waits and the books are untouched
    assert answer.status_code == 401
    assert answer.json()["code"] == "FAIL"
    assert world.value("Market Payment Order", order, "status") == "Pending"
    assert world.counts() == before


def test_a_notification_spoilt_on_the_way_is_refused_and_asking_brings_the_truth(world: World) -> None:
    # Given a gateway whose next notification is tampered with
    tenant = world.bound_tenant()
    placed = tenant.pay()
    world.site.control("fault", target="wechat_pay.notify", mode="tamper")

    # When the merchant pays
    confirm(tenant, placed)
    world.delivered()

    # Then the notification was refused, and asking WeChat brings the truth
    assert world.value("Market Payment Order", placed["payment_order"], "status") == "Pending"
    assert tenant.state(placed["payment_order"])["status"] == "Paid"


@pytest.mark.parametrize("amount", ["2999.99", "3000.01"])
def test_an_amount_that_differs_is_quarantined(world: World, amount: str) -> None:
    # Given an order over 3000.00
    tenant = world.bound_tenant()
    order = tenant.pay()["payment_order"]

    # When WeChat says that another amount was paid
    answer = paid(world.site.keys, order, amount, NOW).post(world.site)

    # Then it is acknowledged, set apart for the office, and nothing is posted
    assert answer.status_code == 200
    row = world.value("Market Payment Order", order, ["status", "error"])
    assert (row.status, amount in row.error) == ("Quarantined", True)
    assert world.entries(tenant.merchant) == [("Charge", "3000.00")]
    assert tenant.fees()["stalls"][0]["total_due"] == "3000.00"


def test_another_payee_is_quarantined(world: World) -> None:
    # Given an order to this market's merchant number
    tenant = world.bound_tenant()
    order = tenant.pay()["payment_order"]

    # When WeChat says that somebody else was paid
    paid(world.site.keys, order, "3000.00", NOW, mchid="1900000999").post(world.site)

    # Then nothing is posted
    assert world.value("Market Payment Order", order, "status") == "Quarantined"
    assert world.entries(tenant.merchant) == [("Charge", "3000.00")]


def test_money_for_a_closed_order_pays_what_is_owed(world: World) -> None:
    # Given an order that its payer gave up
    tenant = world.bound_tenant()
    order = tenant.pay()["payment_order"]
    closed = tenant.phone.post("market_mgmt.api.merchant.cancel_payment", payment_order=order)
    assert closed["status"] == "Closed"

    # When the payment arrives all the same
    assert paid(world.site.keys, order, "3000.00", NOW).post(world.site).status_code == 200

    # Then the money pays the bill that is open, and there is a receipt
    fees = tenant.fees()
    assert fees["prepaid_balance"] == "0.00"
    assert fees["stalls"][0]["fees"] == []
    assert [receipt["amount"] for receipt in tenant.receipts()] == ["3000.00"]


def test_an_unknown_order_is_acknowledged_and_posts_nothing(world: World) -> None:
    # Given no such order
    before = world.counts()

    # When WeChat says that it was paid
    answer = paid(world.site.keys, "T00000000000000000000000000000", "3000.00", NOW).post(world.site)

    # Then WeChat need not repeat it and the books are untouched
    assert answer.status_code == 200
    assert world.counts() == before
