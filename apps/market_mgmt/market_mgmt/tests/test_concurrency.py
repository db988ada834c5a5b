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


def test_one_transaction_told_six_times_at_once_is_settled_once(site, race, shop):
    order = factories.order(shop, [rent_of(shop)], NOW)
    told = ("settle", {"order": order, "transaction_id": f"42{order[-8:]}"})
    assert Counter(race(*[told] * 6)) == {"settled": 1, "duplicate": 5}
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
