"""Scenarios: a deposit is taken, held apart, settled when the lease ends."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt.services import (
    counter,
    deposits,
    lease_changes,
    leases,
    ledger,
    payments,
    red_cards,
    refunds,
)
from market_mgmt.tests import factories

D = Decimal
NOW, NOV_3 = datetime(2026, 10, 5, 9), datetime(2026, 11, 3, 9)
CASHIER = "Administrator"


@pytest.fixture
def shop(site):
    shop = factories.shop(rent="1000.00", deposit=2000, end_date=date(2026, 10, 31))
    factories.at_counter(shop.market, CASHIER, NOW)
    return shop


def take(shop, amount="2000.00"):
    return counter.take_deposit(shop.lease, "Transfer", D(amount), CASHIER, NOW)


def test_a_deposit_is_receipted_and_pays_no_fees(site, shop):
    taken = take(shop)
    line = site.get_doc("Receipt", taken.receipt).lines[0]
    assert (line.purpose, line.amount) == ("Deposit", 2000.0)
    assert deposits.held([shop.lease])[shop.lease] == D("2000.00")
    factories.rent_bill(shop)
    assert [row.total for row in ledger.open_fees(date(2026, 11, 1), lease=shop.lease)] == [D("1000.00")]
    assert ledger.check(shop.market) == []


def test_when_the_lease_has_ended_it_pays_what_is_owed_and_the_rest_is_balance(site, shop):
    take(shop)
    rent = factories.rent_bill(shop)
    with pytest.raises(site.ValidationError):
        deposits.settle(shop.lease, date(2026, 11, 2), "租约到期")
    leases.end_expired(date(2026, 11, 1))
    rest, paid = deposits.settle(shop.lease, date(2026, 11, 2), "租约到期")
    assert (rest, paid) == (D("1000.00"), [shop.lease])
    assert ledger.fee_balance(rent) == (D("0.00"), D("0.00"))
    assert deposits.held([shop.lease])[shop.lease] == 0
    assert ledger.check(shop.market) == []


def test_it_is_not_settled_before_the_last_bill_is_published(site, shop):
    # given a lease that was terminated, its last rent drafted: 15/31 of 1000
    take(shop)
    lease_changes.terminate(shop.lease, date(2026, 10, 15), "提前退租", datetime(2026, 10, 15, 18))
    with pytest.raises(site.ValidationError):
        deposits.settle(shop.lease, date(2026, 10, 15), "退租")
    # when that is published, then the deposit pays it
    factories.publish(shop.market, "2026-10", date(2026, 10, 16))
    rest, _paid = deposits.settle(shop.lease, date(2026, 10, 16), "退租")
    assert rest == D("1516.13")


def test_no_more_is_released_than_is_held(site, shop):
    take(shop)
    assert deposits.release(shop.lease, D("500.00"), NOW.date(), "部分退还") == D("1500.00")
    with pytest.raises(site.ValidationError, match=r"1500\.00"):
        deposits.release(shop.lease, D("1500.01"), NOW.date(), "部分退还")
    with pytest.raises(site.ValidationError):
        deposits.release(shop.lease, D("1.00"), NOW.date(), " ")


def test_arrears_that_a_deposit_settles_lift_their_red_card(site, shop):
    take(shop)
    factories.rent_bill(shop)
    leases.end_expired(date(2026, 11, 1))
    monday = datetime(2026, 11, 16, 9)
    [card] = red_cards.draft_due(shop.market, monday)
    red_cards.review(card, True, None, CASHIER, monday)
    deposits.settle(shop.lease, monday.date(), "租约到期", monday)
    assert site.db.get_value("Red Card", card, ["status", "lifted_at"]) == ("Lifted", monday)


def test_a_deposit_that_never_came_takes_back_what_it_paid_when_it_was_settled(site, shop):
    order = take(shop).order
    rent = factories.rent_bill(shop)
    leases.end_expired(date(2026, 11, 1))
    deposits.settle(shop.lease, date(2026, 11, 2), "租约到期")
    assert ledger.open_fees(date(2026, 11, 2), merchant=shop.merchant) == []
    factories.at_counter(shop.market, "Guest", NOV_3)
    assert payments.reverse(order, "银行退票", "Guest", NOV_3) == [rent]
    assert deposits.held([shop.lease]) == {shop.lease: D("0.00")}
    assert ledger.prepaid_balance(shop.merchant) == D("0.00")
    assert ledger.fee_balance(rent)[0] == yuan(site.db.get_value("Fee", rent, "amount"))
    assert ledger.check(shop.market) == []


def test_a_deposit_that_was_renewed_leaves_the_lease_that_holds_it(site, shop):
    order = take(shop).order
    factories.at_counter(shop.market, "Guest", NOW)
    new = lease_changes.renew(shop.lease, date(2027, 12, 31), D("1000.00"), NOW)
    payments.reverse(order, "银行退票", "Guest", NOW)
    assert deposits.held([shop.lease, new]) == {shop.lease: D("0.00"), new: D("0.00")}
    assert ledger.check(shop.market) == []


def test_a_deposit_that_went_back_to_the_merchant_is_not_taken_back_as_well(site, shop):
    order = take(shop).order
    deposits.release(shop.lease, D("500.00"), NOW.date(), "部分退还")
    name = refunds.request(shop.merchant, D("500.00"), "Transfer", "退押金", "Administrator", NOW)
    refunds.review(name, True, None, "Guest", NOW)
    with pytest.raises(site.ValidationError, match=r"500\.00"):
        payments.reverse(order, "收错租户", "Guest", NOW)
    # but when the merchant has brought that again, it may be
    factories.collect(shop.merchant, [], "Cash", D("500.00"), "Administrator", NOW)
    payments.reverse(order, "收错租户", "Guest", NOW)
    assert ledger.prepaid_balance(shop.merchant) == D("0.00")
    assert ledger.check(shop.market) == []
