"""Processes that do the same thing at once: the books balance whoever wins.

These tests commit, each into a market of its own; entries of the ledger stay by design.
"""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from market_mgmt.services import ledger
from market_mgmt.tests import factories
from market_mgmt.tests.racer import NOW

D = Decimal


@pytest.fixture
def shop(site):
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop)
    return shop


def rent_of(shop):
    return f"{shop.lease}-RENT-20261001-1"


def test_one_transaction_told_fifty_times_at_once_is_settled_once(site, race, shop):
    order = factories.order(shop, [rent_of(shop)], NOW)
    told = ("settle", {"order": order, "transaction_id": f"42{order[-8:]}"})
    assert Counter(race(*[told] * 50)) == {"settled": 1, "duplicate": 49}
    assert ledger.fee_balance(rent_of(shop)) == (D("0.00"), D("0.00"))
    assert site.db.count("Receipt", {"payment_order": order}) == 1
    assert ledger.check(shop.market) == []


def test_six_cashiers_taking_money_for_one_bill_lose_nothing(site, race, shop):
    # given 1001.50 owed, six times 300 come in
    factories.at_counter(shop.market, "Administrator", NOW)
    taken = ("collect", {"merchant": shop.merchant, "fee": "", "amount": "300.00"})
    receipts = race(*[taken] * 6)
    # then the bill is paid, the rest is balance, the numbers have no gap
    assert ledger.fee_balance(rent_of(shop)) == (D("0.00"), D("0.00"))
    assert ledger.prepaid_balance(shop.merchant) == D("798.50")
    assert sorted(receipts) == [f"{shop.market}-2026-{number:06d}" for number in range(1, 7)]
    assert ledger.check(shop.market) == []


def test_two_cashiers_collecting_the_same_bill_take_its_money_once(site, race, shop):
    # given 1001.50 owed in a market that takes no partial payments, both ask for the bill by name
    site.db.set_value("Market", shop.market, "allow_partial_payment", 0)
    for cashier in ("Administrator", "Guest"):
        factories.at_counter(shop.market, cashier, NOW)
    asked = {"merchant": shop.merchant, "fee": rent_of(shop), "amount": "1001.50"}
    answers = race(*[("collect", {**asked, "by": cashier}) for cashier in ("Administrator", "Guest")])
    # then one of them is told that it is paid
    assert sorted(answers, key=str) == [f"{shop.market}-2026-000001", "ValidationError"]
    assert ledger.fee_balance(rent_of(shop)) == (D("0.00"), D("0.00"))
    assert ledger.check(shop.market) == []


def test_a_payment_racing_a_waiver_loses_nothing(site, race, shop):
    # given a waiver of 400.00 about to be approved while the whole bill is being paid
    waiver = factories.waiver(rent_of(shop), "Principal", "400.00")
    order = factories.order(shop, [rent_of(shop)], NOW)
    told = ("settle", {"order": order, "transaction_id": f"42{order[-8:]}"})
    settled, approved = race(told, ("approve_waiver", {"waiver": waiver}))
    # then the bill is settled; if the waiver came first, its 400.00 are balance, else it is refused
    assert settled == "settled"
    assert ledger.fee_balance(rent_of(shop)) == (D("0.00"), D("0.00"))
    kept = {"Approved": D("400.00"), "ValidationError": D("0.00")}[approved]
    assert ledger.prepaid_balance(shop.merchant) == kept
    assert ledger.check(shop.market) == []


def test_many_merchants_paying_at_once_get_receipts_without_gaps(site, race, shop):
    # given eight neighbours whose orders are paid while late fees are being posted
    shops = [shop, *(factories.shop(shop.market, rent="500.00") for _ in range(7))]
    factories.bills(shop.market, "2026-10", date(2026, 11, 1))
    orders = [factories.order(tenant, [rent_of(tenant)], NOW) for tenant in shops]
    told = [("settle", {"order": order, "transaction_id": f"42{order[-8:]}"}) for order in orders]
    answers = race(*told, ("accrue", {"market": shop.market}))
    assert answers[:8] == ["settled"] * 8
    assert ledger.open_fees(date(2027, 1, 1), market=shop.market) == []
    assert ledger.check(shop.market) == []


def test_a_month_billed_by_three_at_once_is_billed_once(site, race, shop):
    # given a balance that the new bill will use
    factories.at_counter(shop.market, "Administrator", NOW)
    race(("collect", {"merchant": shop.merchant, "fee": "", "amount": "1200.00"}))
    race(*[("bill", {"market": shop.market, "period": "2026-11"})] * 3)
    bills = site.get_all("Fee", {"lease": shop.lease, "period": "2026-11"}, ["status", "outstanding"])
    assert [(bill.status, bill.outstanding) for bill in bills] == [("Partly Paid", 801.5)]
    assert factories.publish(shop.market, "2026-11", date(2026, 12, 1)) == 0
    assert ledger.check(shop.market) == []


def test_a_process_that_dies_before_its_commit_leaves_nothing(site, race, shop):
    order = factories.order(shop, [rent_of(shop)], NOW)
    told = {"order": order, "transaction_id": f"42{order[-8:]}"}
    assert race(("settle_and_die", told)) == [None]
    assert ledger.fee_balance(rent_of(shop)) == (D("1000.00"), D("0.00"))
    assert site.db.get_value("Market Payment Order", order, "status") == "Pending"
    # when it is told again
    assert race(("settle", told)) == ["settled"]
    assert site.db.get_value("Receipt", {"payment_order": order}) == f"{shop.market}-2026-000001"
    assert ledger.check(shop.market) == []
