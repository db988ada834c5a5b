"""Scenarios: a deposit is taken, held apart, settled when the lease ends."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import counter, deposits, lease_changes, leases, ledger, payments
from market_mgmt.tests import factories

D = Decimal
NOW = datetime(2026, 10, 5, 9)
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


def test_a_deposit_that_was_released_and_used_is_not_reversed(site, shop):
    order = take(shop).order
    factories.rent_bill(shop)
    leases.end_expired(date(2026, 11, 1))
    deposits.settle(shop.lease, date(2026, 11, 2), "租约到期")
    with pytest.raises(site.ValidationError):
        payments.reverse(order, "收错租户", "Guest", NOW)
