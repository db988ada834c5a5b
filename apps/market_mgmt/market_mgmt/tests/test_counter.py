"""Scenarios: money taken at the counter, and taken back by somebody else."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import ledger, payments
from market_mgmt.tests import factories

D = Decimal
NOV_5 = datetime(2026, 11, 5, 10)
CASHIER, SUPERVISOR = "Administrator", "Guest"


@pytest.fixture
def shop(site):
    return factories.shop(rent="1000.00")


@pytest.fixture
def rent(shop):
    return factories.rent_bill(shop)


def test_cash_pays_in_part_and_then_in_full(site, shop, rent):
    first = factories.collect(shop.merchant, [rent], "Cash", D("400.00"), CASHIER, NOV_5)
    assert site.get_doc("Fee", rent).status == "Partly Paid"
    second = factories.collect(shop.merchant, [rent], "POS", D("600.00"), CASHIER, NOV_5)
    assert site.get_doc("Fee", rent).status == "Paid"
    assert [first.receipt, second.receipt] == [f"{shop.market}-2026-00000{number}" for number in (1, 2)]
    assert ledger.check(shop.market) == []


def test_what_is_too_much_is_prepaid(site, shop, rent):
    factories.collect(shop.merchant, [], "Transfer", D("1250.00"), CASHIER, NOV_5)
    assert ledger.fee_balance(rent) == (D("0.00"), D("0.00"))
    assert ledger.prepaid_balance(shop.merchant) == D("250.00")


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


def test_a_payment_is_taken_back_by_a_second_person(site, shop, rent):
    # given an overdue bill paid on the eleventh with its late fee of 1.50
    paid_at = datetime(2026, 11, 11, 9)
    receipt = factories.collect(shop.merchant, [rent], "Cash", D("1001.50"), CASHIER, paid_at)
    # when a supervisor reverses it on the thirteenth
    with pytest.raises(site.PermissionError):
        payments.reverse(receipt.order, "假币", CASHIER, paid_at)
    reversed_at = datetime(2026, 11, 13, 9)
    factories.at_counter(shop.market, CASHIER, reversed_at)  # the session of the eleventh is closed
    factories.at_counter(shop.market, SUPERVISOR, reversed_at)
    payments.reverse(receipt.order, "假币", SUPERVISOR, reversed_at)
    # then the bill is open again with its late fee, the receipt is void, and the books balance
    assert ledger.fee_balance(rent) == (D("1000.00"), D("1.50"))
    assert (site.get_doc("Fee", rent).status, site.get_doc("Fee", rent).paid_date) == ("Published", None)
    assert site.db.get_value("Receipt", receipt.receipt, ["status", "void_reason"]) == ("Void", "假币")
    assert ledger.check(shop.market) == []
    # and it accrues again from the fourteenth on
    assert ledger.open_fees(date(2026, 11, 14), lease=shop.lease)[0].late_fee == D("2.00")
    with pytest.raises(site.ValidationError):
        payments.reverse(receipt.order, "twice", SUPERVISOR, paid_at)


def test_a_prepayment_that_was_used_cannot_be_taken_back(site, shop):
    paid = factories.collect(shop.merchant, [], "Cash", D("300.00"), CASHIER, NOV_5)
    factories.rent_bill(shop, "2026-11", date(2026, 12, 1))
    with pytest.raises(site.ValidationError):
        payments.reverse(paid.order, "wrong merchant", SUPERVISOR, datetime(2026, 12, 2))


def test_reversing_a_paid_bill_gives_the_money_back_as_balance(site, shop, rent):
    from market_mgmt.services import billing

    factories.collect(shop.merchant, [rent], "Cash", D("1000.00"), CASHIER, NOV_5)
    billing.reverse(rent, "wrong rent", datetime(2026, 11, 6, 9))
    assert ledger.prepaid_balance(shop.merchant) == D("1000.00")
    assert ledger.check(shop.market) == []
