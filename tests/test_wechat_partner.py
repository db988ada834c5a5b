"""Two markets paid through one service provider: every step names the sub-merchant, and none mixes them up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from simulators.keys import SUB_MCHIDS
from tests.live import Refusal
from tests.office import day_of, kept, morning_after, office, posted, sound
from tests.world import NOW, Tenant, World

# FRUIT belongs to the first story, whose contract it has.
FISH, FRUIT, MEAT = SUB_MCHIDS
DAY = datetime(2026, 11, 3, 9)


@pytest.fixture
def provided(world: World) -> Iterator[World]:
    """The site with a direct merchant number and a service provider's."""
    keys, before = world.site.keys, world.site.config()["wechat_pay"]
    world.site.configure(wechat_pay=[before, keys.pay_account(world.site.base, provider=True)])
    yield world
    world.site.configure(wechat_pay=before)


def market_of(world: World, sub_mchid: str | None, **more: object) -> str:
    return world.market(mchid=world.site.keys.provider_mchid, sub_mchid=sub_mchid, **more)


def state(world: World, order: str) -> tuple[str, str, str]:
    row = world.value("Market Payment Order", order, ["status", "mchid", "sub_mchid"])
    return row.status, row.mchid, row.sub_mchid


def test_payments_refunds_and_bills_of_two_sub_merchants_stay_apart(provided: World) -> None:
    # Given a fish market and a fruit market under one service provider, the fruit market with a cheaper contract
    world, provider = provided, provided.site.keys.provider_mchid
    fish = world.bound_tenant("3000.00", market_of(world, FISH))
    fruit = world.bound_tenant("2000.00", market_of(world, FRUIT, contracted_fee_rate=0.003))
    clerks = office(world, fish.market)
    world.site.set_clock(DAY)

    # When one merchant pays and is notified of, and the other's notification is lost and the phone asks
    paid = world.paid(fish, DAY)
    asked = fruit.pay()
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    fruit.phone.confirm(asked["pay_params"], DAY)
    assert fruit.state(asked["payment_order"])["status"] == "Paid"

    # Then each has paid its own market
    assert state(world, paid) == ("Paid", provider, FISH)
    assert state(world, asked["payment_order"]) == ("Paid", provider, FRUIT)

    # When a payment goes back in part, notified of, and another part whose notification is lost
    first = clerks.sent(fish, paid, "400.00")
    clerks.ends(first)
    world.site.set_clock(DAY + timedelta(minutes=2))
    second = clerks.sent(fish, paid, "100.00")
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    clerks.ends(second)
    world.site.set_clock(DAY + timedelta(minutes=3))
    world.run("sweep_refunds")

    # Then both have left
    assert [clerks.status(name) for name in (first, second)] == ["Succeeded", "Succeeded"]
    assert posted(world, fish, "Refund") == 500
    assert sound(world, fish.market) and sound(world, fruit.market)

    # When the bills of the day are fetched, each sub-merchant's own
    world.site.set_clock(morning_after(DAY))
    world.run("reconcile_payments")

    # Then both agree, the trade bill and the opened fund bill have nothing of the other
    of_fish, of_fruit = (day_of(world, DAY, provider, payee) for payee in (FISH, FRUIT))
    assert (of_fish["status"], of_fish["amount"], of_fish["refunded"]) == ("Matched", 3000.0, 500.0)
    assert (of_fruit["status"], of_fruit["amount"], of_fruit["refunded"]) == ("Matched", 2000.0, 0.0)
    for bill in ("trade_bill", "fund_bill"):
        assert paid in kept(world, of_fish[bill]) and paid not in kept(world, of_fruit[bill])

    # And on the third of the next month it is found that WeChat kept more than the fruit market's contract says
    world.site.set_clock(datetime(2026, 12, 3, 10, 40))
    world.run("check_fee_rates")
    assert (of_fruit["fee"], of_fruit["expected_fee"]) == (7.6, 6.0)
    assert world.errors(f"WeChat kept more than contracted of {FRUIT}") == 1
    assert world.errors(f"WeChat kept more than contracted of {FISH}") == 0


def test_a_sub_merchant_who_hides_its_account_is_compared_by_the_trade_bill(provided: World) -> None:
    # Given a sub-merchant whose fund bill WeChat does not show the provider
    world = provided
    tenant = world.bound_tenant(market=market_of(world, FISH))
    clerks, day = office(world, tenant.market), DAY + timedelta(days=60)
    with world.books() as frappe:
        frappe.db.set_value("Fee", tenant.fee, "due_date", "2027-02-01")
    world.site.set_clock(day)
    world.paid(tenant, day)
    world.site.set_clock(morning_after(day))
    options = {"status": 403, "code": "NO_AUTH"}
    world.site.control("fault", target="wechat_pay.sub_fund_bill", mode="fail", options=options)

    # Then the day is compared without it
    assert clerks.reconcile(tenant.market, day)["status"] == "Matched"
    assert day_of(world, day, world.site.keys.provider_mchid, FISH)["fund_bill"] is None


def test_giving_up_closes_the_sub_merchant_s_order(provided: World) -> None:
    tenant = provided.bound_tenant(market=market_of(provided, FISH))
    placed = tenant.pay()
    api = "market_mgmt.api.merchant.cancel_payment"
    assert tenant.phone.post(api, payment_order=placed["payment_order"])["status"] == "Closed"
    with pytest.raises(Refusal) as refused:
        tenant.phone.confirm(placed["pay_params"], NOW)
    assert refused.value.body["code"] == "ORDER_CLOSED"


def test_one_payment_has_one_payee(provided: World) -> None:
    # Given one merchant on the phone who has a stall in each market
    world = provided
    here = world.bound_tenant(market=market_of(world, FISH))
    there = world.tenant(market=market_of(world, MEAT))
    here.phone.phone = there.phone.phone
    here.phone.bind(there.token)
    assert len(here.fees()["stalls"]) == 2

    # When they choose fees of both
    with pytest.raises(Refusal) as refused:
        here.phone.post("market_mgmt.api.merchant.pay", fees=[here.fee, there.fee])

    # Then nothing is ordered, and one after the other goes
    assert "收款方" in refused.value.message
    placed = here.phone.post("market_mgmt.api.merchant.pay", fees=[there.fee])
    assert state(world, placed["payment_order"])[2] == MEAT


@pytest.mark.parametrize(
    ("sub_mchid", "code", "said"),
    [(None, "NOT_CONFIGURED", "子商户号"), ("1900000999", "GATEWAY_REFUSED", "NO_AUTH")],
)
def test_a_market_whose_payee_is_missing_or_a_stranger_takes_no_payment(
    provided: World, sub_mchid: str | None, code: str, said: str
) -> None:
    tenant: Tenant = provided.bound_tenant(market=market_of(provided, sub_mchid))
    with pytest.raises(Refusal) as refused:
        tenant.pay()
    assert (refused.value.code, said in refused.value.message) == (code, True)


def test_a_direct_merchant_s_market_that_names_a_sub_merchant_takes_no_payment(provided: World) -> None:
    tenant = provided.bound_tenant(market=provided.market(sub_mchid=FISH))
    with pytest.raises(Refusal) as refused:
        tenant.pay()
    assert refused.value.code == "NOT_CONFIGURED"
