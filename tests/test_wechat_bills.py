"""Mornings on which WeChat's bills of the day before are fetched over HTTP, kept as they came, and compared."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from simulators.tests.clients import Client
from tests.live import Refusal
from tests.office import RECONCILIATION, STAFF, Office, day_of, kept, morning_after, office, sound
from tests.world import Tenant, World

# Each story has a day of its own at the shared merchant number, on which no other test pays; nobody pays on the third.
CLEAN, UNSEEN, DAMAGED = (datetime(2026, 11, day, 15, 30) for day in (2, 4, 1))
DIFFERENCE = "Reconciliation Difference"


def queue(world: World, day: str) -> list[tuple[str, str, float, float]]:
    with world.books() as frappe:
        rows = frappe.get_all(
            DIFFERENCE,
            {"reconciliation": day, "status": "Open"},
            ["kind", "number", "ours", "theirs"],
            order_by="kind",
        )
    return [(row.kind, row.number, row.ours, row.theirs) for row in rows]


@pytest.fixture
def stall(world: World) -> tuple[Tenant, Office]:
    """A tenant and the office, of whose payee no day has been reconciled yet."""
    with world.books() as frappe:
        days = frappe.get_all(RECONCILIATION, {"mchid": world.site.keys.mchid}, pluck="name")
        for doctype, field in ((DIFFERENCE, "reconciliation"), (RECONCILIATION, "name")):
            frappe.db.delete(doctype, {field: ["in", days or [""]]})
    tenant = world.bound_tenant()
    return tenant, office(world, tenant.market)


def test_a_day_that_agrees_is_fetched_from_ten_on_and_kept(
    world: World, stall: tuple[Tenant, Office]
) -> None:
    # Given a payment, and a refund that WeChat accepted before midnight and finished after it
    tenant, clerks = stall
    world.site.set_clock(CLEAN)
    order = world.paid(tenant, CLEAN)
    world.site.set_clock(CLEAN.replace(hour=23, minute=59))
    refund = clerks.sent(tenant, order, "400.00")
    world.site.set_clock(morning_after(CLEAN, 0, 10))
    clerks.ends(refund)

    # When the job runs before ten, and the finance clerk tries it, too
    world.site.set_clock(morning_after(CLEAN, 9, 59))
    world.run("reconcile_payments")
    with pytest.raises(Refusal) as refused:
        clerks.reconcile(tenant.market, CLEAN)

    # Then nothing is fetched, and the clerk is told from when on
    assert day_of(world, CLEAN) == {}
    assert "10:00" in refused.value.message

    # When it runs after ten
    world.site.set_clock(morning_after(CLEAN))
    world.run("reconcile_payments")

    # Then the day agrees, with the refund on the day it was accepted, and both bills are kept as they came
    day = day_of(world, CLEAN)
    assert (day["status"], day["payments"], day["amount"], day["refunded"]) == ("Matched", 1, 3000.0, 400.0)
    assert (day["fee"], day["expected_fee"]) == (9.88, 9.88)  # 11.40 - 1.52
    trade, fund = kept(world, day["trade_bill"]), kept(world, day["fund_bill"])
    assert (
        trade.lstrip("\ufeff").startswith("交易时间,公众账号ID")
        and f"`{order}" in trade
        and f"`{refund}" in trade
    )
    assert "扣除交易手续费" in fund and "`3000.00" in fund

    # And the day on which the refund was finished has no bill, which is an empty one
    world.site.set_clock(morning_after(CLEAN) + timedelta(days=1))
    done = clerks.reconcile(tenant.market, CLEAN + timedelta(days=1))
    following = day_of(world, CLEAN + timedelta(days=1))
    assert (done["status"], following["payments"], following["trade_bill"]) == ("Matched", 0, None)


def test_what_the_office_never_saw_is_booked_and_what_differs_is_explained(
    world: World, stall: tuple[Tenant, Office]
) -> None:
    # Given a payment whose notification was lost, of somebody who never came back
    unseen, _ = stall
    world.site.set_clock(UNSEEN)
    placed = unseen.pay()
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    unseen.phone.confirm(placed["pay_params"], UNSEEN)
    # and one that somebody has changed in the database since
    changed = world.bound_tenant()
    world.site.set_clock(UNSEEN)
    order = world.paid(changed, UNSEEN)
    with world.books() as frappe:
        frappe.db.set_value("Market Payment Order", order, "amount", 2999.0)
    # and one that the car park's till takes under the same merchant number
    world.site.control("fault", target="wechat_pay.notify", mode="drop")
    car_park = Client(world.site.keys, world.site.simulators)
    car_park.paid("PARKING0001", 8800, UNSEEN.isoformat())

    # When the bills of the day are compared
    world.site.set_clock(morning_after(UNSEEN))
    world.run("reconcile_payments")

    # Then WeChat was asked about the unseen one and it is booked, with a receipt
    assert world.value("Market Payment Order", placed["payment_order"], "status") == "Paid"
    assert [receipt["amount"] for receipt in unseen.receipts()] == ["3000.00"]
    assert sound(world, unseen.market)

    # And the others wait in the queue until the finance office explains them
    day = day_of(world, UNSEEN)
    assert day["status"] == "Differences"
    assert queue(world, day["name"]) == [
        ("Amount Differs", order, 2999.0, 3000.0),
        ("Missing Here", "PARKING0001", 0.0, 88.0),
    ]
    with world.books() as frappe:
        names = frappe.get_all(DIFFERENCE, {"reconciliation": day["name"]}, pluck="name", order_by="kind")
        market = frappe.db.get_value(RECONCILIATION, day["name"], "market")
    finance = world.clerk(market, "Market Finance")
    resolve = f"{STAFF}.resolve_difference"
    with pytest.raises(Refusal):
        finance.post(resolve, name=names[0], resolution=" ")
    assert finance.post(resolve, name=names[0], resolution="数据库被误改，已改回")["status"] == "Differences"
    assert finance.post(resolve, name=names[1], resolution="停车场收款，同一商户号")["status"] == "Matched"
    assert day_of(world, UNSEEN)["status"] == "Matched"


def test_a_bill_that_was_changed_on_the_way_is_refused_and_fetched_again(
    world: World, stall: tuple[Tenant, Office]
) -> None:
    # Given a file that is not the one whose digest WeChat has signed
    tenant, _ = stall
    world.site.set_clock(DAMAGED)
    order = world.paid(tenant, DAMAGED)
    world.site.set_clock(morning_after(DAMAGED))
    world.site.control("fault", target="wechat_pay.download", mode="tamper", count=20)

    # When the job runs
    world.run("reconcile_payments")

    # Then nothing of it is kept, and somebody is told
    assert day_of(world, DAMAGED) == {}
    assert world.errors(f"Reconciling {world.site.keys.mchid} on {DAMAGED.date()}") == 1

    # When WeChat asks for fewer requests in the next hour, and answers in the one after that
    world.site.control("reset")
    options = {"status": 429, "code": "FREQUENCY_LIMITED"}
    world.site.control("fault", target="wechat_pay.trade_bill", mode="fail", count=20, options=options)
    world.site.set_clock(morning_after(DAMAGED, 11))
    world.run("reconcile_payments")
    assert day_of(world, DAMAGED) == {}
    world.site.control("reset")
    world.site.set_clock(morning_after(DAMAGED, 12))
    world.run("reconcile_payments")

    # Then the day agrees
    assert day_of(world, DAMAGED)["status"] == "Matched"
    assert f"`{order}" in kept(world, day_of(world, DAMAGED)["trade_bill"])
