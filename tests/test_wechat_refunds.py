"""Money going back by WeChat, over HTTP with the simulator: every way in which its end becomes known, and every failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.keys import Keys
from tests.live import Refusal
from tests.notifications import Notification, refunded
from tests.office import STAFF, Office, attempts, office, posted, sound
from tests.world import NOW, Tenant, World

RENT, BACK = "3000.00", "400.00"
D = Decimal


@pytest.fixture
def payer(world: World) -> tuple[Tenant, str, Office]:
    """A tenant who has paid the rent of 3000.00 by WeChat, the order, and the office of the market."""
    tenant = world.bound_tenant(RENT)
    return tenant, world.paid(tenant), office(world, tenant.market)


def outcome(world: World, tenant: Tenant) -> tuple[Decimal, Decimal, str]:
    """(held, gone, what the fee still owes)"""
    owed = sum((D(fee["outstanding"]) for stall in tenant.fees()["stalls"] for fee in stall["fees"]), D(0))
    return posted(world, tenant, "Refund Hold"), posted(world, tenant, "Refund"), str(owed)


def test_from_the_request_to_the_notification(world: World, payer: tuple[Tenant, str, Office]) -> None:
    # Given a refund that the finance clerk asked for, with a reason longer than WeChat takes
    tenant, order, clerks = payer
    refund = clerks.ask(tenant, order, BACK, reason="商户十月份租金重复缴纳，" * 5)

    # When the same person tries to approve it, and then the supervisor does
    with pytest.raises(Refusal) as refused:
        clerks.finance.post(f"{STAFF}.review_refund", name=refund, approve=True)
    assert refused.value.status == 403
    clerks.supervisor.post(f"{STAFF}.review_refund", name=refund, approve=True)

    # Then the money is held, and the job of the next minute hands it to WeChat
    assert outcome(world, tenant) == (D(BACK), D(0), BACK)
    world.run("sweep_refunds")
    assert clerks.status(refund) == "Processing"

    # When the bank has paid it and WeChat says so, twice
    world.site.control("fault", target="wechat_pay.notify", mode="duplicate")
    clerks.ends(refund)

    # Then it has left the books, once, and its fee is owed again
    assert clerks.status(refund) == "Succeeded"
    assert outcome(world, tenant) == (D(BACK), D(BACK), BACK)
    assert sound(world, tenant.market)


def test_a_refund_that_wechat_closes_pays_its_fee_again(
    world: World, payer: tuple[Tenant, str, Office]
) -> None:
    # Given a refund that waited at WeChat for seven days for want of money
    tenant, order, clerks = payer
    refund = clerks.sent(tenant, order, BACK)

    # When WeChat closes it
    clerks.ends(refund, status="CLOSED")

    # Then the hold is reversed and the money is where it was
    assert clerks.status(refund) == "Failed"
    assert outcome(world, tenant) == (D(BACK), D(0), "0")
    assert sound(world, tenant.market)


def test_a_payer_s_bank_that_refuses_leaves_the_decision_to_the_office(
    world: World, payer: tuple[Tenant, str, Office]
) -> None:
    # Given a refund that the payer's bank does not take: WeChat keeps the money
    tenant, order, clerks = payer
    refund = clerks.sent(tenant, order, BACK)
    alarms = world.errors("Refund needs attention")
    clerks.ends(refund, status="ABNORMAL")

    # Then it stays held, somebody is told, and it cannot be given up
    assert (clerks.status(refund), world.errors("Refund needs attention")) == ("Processing", alarms + 1)
    with pytest.raises(Refusal) as refused:
        clerks.finance.post(f"{STAFF}.cancel_refund", name=refund, reason="改由转账退")
    assert "等待结果" in refused.value.message

    # When the office has it paid to the market's own bank account, on WeChat's merchant platform
    clerks.ends(refund, received_by="商户结算银行账户")

    # Then it has failed, and the money pays its fee again until it goes another way
    assert clerks.status(refund) == "Failed"
    assert outcome(world, tenant) == (D(BACK), D(0), "0")
    assert sound(world, tenant.market)


def test_a_notification_that_overtakes_the_answer_counts_once(
    world: World, payer: tuple[Tenant, str, Office]
) -> None:
    # Given a gateway that notifies before it answers
    tenant, order, clerks = payer
    refund = clerks.approved(tenant, order, BACK)
    world.site.control("fault", target="wechat_pay.refund", mode="notify_first")

    # When the refund is handed over, and the answer says that it is under way
    world.run("sweep_refunds")
    world.delivered()

    # Then the success stands
    assert clerks.status(refund) == "Succeeded"
    assert outcome(world, tenant) == (D(BACK), D(BACK), BACK)
    assert sound(world, tenant.market)


def test_an_older_notification_that_comes_later_changes_nothing(
    world: World, payer: tuple[Tenant, str, Office]
) -> None:
    # Given an abnormal refund whose notification is held back, while the office had it paid to another card
    tenant, order, clerks = payer
    refund = clerks.sent(tenant, order, BACK)
    world.site.control("fault", target="wechat_pay.notify", mode="hold")
    clerks.ends(refund, status="ABNORMAL")
    clerks.ends(refund)
    assert clerks.status(refund) == "Succeeded"

    # When the older one arrives
    assert world.site.control("release")["released"] == 1

    # Then it is acknowledged and nothing changes
    assert attempts(world)[-1]["status"] == 200
    assert clerks.status(refund) == "Succeeded"
    assert outcome(world, tenant) == (D(BACK), D(BACK), BACK)


def test_a_lost_notification_is_made_up_for_by_the_sweeper(
    world: World, payer: tuple[Tenant, str, Office]
) -> None:
    tenant, order, clerks = payer
    refund = clerks.sent(tenant, order, BACK)
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    clerks.ends(refund)
    assert clerks.status(refund) == "Processing"

    # When the job of the next minute asks
    world.site.set_clock(NOW + timedelta(minutes=1))
    world.run("sweep_refunds")

    assert clerks.status(refund) == "Succeeded"
    assert outcome(world, tenant) == (D(BACK), D(BACK), BACK)


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "lose"},
        {"mode": "fail", "options": {"status": 429, "code": "RATELIMIT_EXCEEDED"}},
        {"mode": "fail", "options": {"status": 500, "code": "SYSTEM_ERROR"}},
        {"mode": "fail", "options": {"status": 403, "code": "NOT_ENOUGH"}},
    ],
    ids=["answer lost", "too often", "system error", "balance too small"],
)
def test_what_wechat_cannot_answer_is_repeated_under_the_same_number(
    world: World, payer: tuple[Tenant, str, Office], fault: dict
) -> None:
    # Given a request whose answer is lost, or is that it cannot be done now
    tenant, order, clerks = payer
    refund = clerks.approved(tenant, order, BACK)
    world.site.control("fault", target="wechat_pay.refund", **fault)
    world.run("sweep_refunds")
    assert clerks.status(refund) == "Approved"

    # When the job of the next minute tries again
    world.site.set_clock(NOW + timedelta(minutes=1))
    world.run("sweep_refunds")
    assert clerks.status(refund) == "Processing"
    clerks.ends(refund)

    # Then it has left once
    assert outcome(world, tenant) == (D(BACK), D(BACK), BACK)
    assert sound(world, tenant.market)


def test_what_wechat_will_never_do_gives_the_money_back(
    world: World, payer: tuple[Tenant, str, Office]
) -> None:
    # Given a payer whose WeChat account is closed
    tenant, order, clerks = payer
    refund = clerks.approved(tenant, order, BACK)
    options = {"status": 403, "code": "USER_ACCOUNT_ABNORMAL"}
    world.site.control("fault", target="wechat_pay.refund", mode="fail", options=options)

    # When the refund is handed over
    world.run("sweep_refunds")

    # Then it has failed, says why, and the money pays its fee again
    assert clerks.status(refund) == "Failed"
    assert "USER_ACCOUNT_ABNORMAL" in world.value("Refund", refund, "error")
    assert outcome(world, tenant) == (D(BACK), D(0), "0")


def another_amount(keys: Keys, refund: str, order: str) -> Notification:
    return refunded(keys, refund, order, "399.99")


def another_payee(keys: Keys, refund: str, order: str) -> Notification:
    return refunded(keys, refund, order, BACK, mchid="1900000999")


@pytest.mark.parametrize("tell", [another_amount, another_payee])
def test_a_notification_that_differs_from_the_request_is_put_aside(
    world: World, payer: tuple[Tenant, str, Office], tell: Callable[[Keys, str, str], Notification]
) -> None:
    tenant, order, clerks = payer
    refund = clerks.sent(tenant, order, BACK)
    alarms = world.errors("Refund differs")
    answer = tell(world.site.keys, refund, order).post(world.site, "refund_notify")
    assert answer.status_code == 200
    assert (clerks.status(refund), world.errors("Refund differs")) == ("Processing", alarms + 1)


def test_a_forged_notification_is_refused_and_logged(world: World, payer: tuple[Tenant, str, Office]) -> None:
    # Given a refund under way, and somebody who knows its number
    tenant, order, clerks = payer
    refund = clerks.sent(tenant, order, BACK)
    genuine = refunded(world.site.keys, refund, order, BACK)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    before, alarms = world.counts(), world.errors("WeChat Pay notification refused")

    # When they say that it is done
    answer = genuine.signed_again(stranger).post(world.site, "refund_notify")

    # Then they are refused in WeChat's form, and it is logged
    assert (answer.status_code, answer.json()["code"]) == (401, "FAIL")
    assert (clerks.status(refund), world.counts()) == ("Processing", before)
    assert world.errors("WeChat Pay notification refused") == alarms + 1
