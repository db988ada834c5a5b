"""Scenarios: money taken at the counter, and taken back by somebody else."""

from datetime import datetime
from decimal import Decimal

import pytest

from market_mgmt.tests import factories

D = Decimal
NOV_5 = datetime(2026, 11, 5, 10)
CASHIER, SUPERVISOR = "Administrator", "Guest"


def test_a_market_may_refuse_part_payments(site, shop, rent):
    site.db.set_value("Market", shop.market, "allow_partial_payment", 0)
    with pytest.raises(site.ValidationError):
        factories.collect(shop.merchant, [rent], "Cash", D("999.99"), CASHIER, NOV_5)


@pytest.mark.parametrize(
    ("channel", "amount"), [("WeChat", "1.00"), ("Barter", "1.00"), ("Cash", "0.00"), ("Cash", "-5.00")]
)
def test_other_channels_and_no_money_are_refused(site, shop, rent, channel, amount):
    with pytest.raises(site.ValidationError):
        factories.collect(shop.merchant, [rent], channel, D(amount), CASHIER, NOV_5)


def test_somebody_elses_fee_is_refused(site, shop, rent):
    other = factories.shop(shop.market)
    with pytest.raises(site.ValidationError):
        factories.collect(other.merchant, [rent], "Cash", D("10.00"), CASHIER, NOV_5)
