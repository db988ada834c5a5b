"""Scenarios: a merchant asks for an invoice of a receipt, finance enters its number, and takes it back by red letter."""

from datetime import datetime
from decimal import Decimal

import pytest

from market_mgmt.services import invoices, payments, refunds
from market_mgmt.tests import factories

D = Decimal
NOW = datetime(2026, 11, 5, 10)
NUMBER, RED = "26467000000123456789", "26467000000987654321"


@pytest.fixture
def paid(shop):
    """1200.00 taken in cash: the rent of 1000.00 and 200.00 of balance."""
    rent = factories.rent_bill(shop)
    return factories.collect(shop.merchant, [rent], "Cash", D("1200.00"), "Administrator", NOW)


def ask(receipt, title="海南某某商贸有限公司", tax_number="91460000ma5t8x1234"):
    return invoices.request(receipt, title, tax_number, "Guest", NOW)


def state(site, name):
    return site.db.get_value("Invoice Request", name, "status")


def test_what_was_paid_for_fees_is_invoiced_and_balance_is_not(site, paid):
    document = site.get_doc("Invoice Request", ask(paid.receipt))
    assert (document.amount, document.tax_number) == (1000.0, "91460000MA5T8X1234")
    assert invoices.issue(document.name, NUMBER, "Administrator", NOW) == "Issued"


def test_a_receipt_is_invoiced_once(site, paid):
    name = ask(paid.receipt)
    with pytest.raises(site.DuplicateEntryError):
        ask(paid.receipt)
    invoices.reject(name, "税号不符", "Administrator", NOW)
    assert state(site, ask(paid.receipt)) == "Requested"


def test_a_void_receipt_makes_a_red_letter_due(site, paid):
    name = ask(paid.receipt)
    invoices.issue(name, NUMBER, "Administrator", NOW)
    payments.reverse(paid.order, "收错", "Guest", NOW)
    assert state(site, name) == "Red Letter Due"
    assert invoices.red_letter(name, RED, "Administrator", NOW) == "Red Lettered"


def give_back(shop, paid, amount, reopen=True):
    """Part of the payment goes back in cash, off the fees first."""
    name = refunds.request(shop.merchant, D(amount), "Cash", "多收", "Administrator", NOW, paid.order, reopen)
    refunds.review(name, True, None, "Guest", NOW)
    refunds.pay_out(name, "Administrator", NOW)


def test_only_what_stays_of_a_payment_is_invoiced(site, shop, paid):
    # given 500.00 of 1200.00 gone back
    give_back(shop, paid, "500.00")
    # when an invoice is asked for
    name = ask(paid.receipt)
    # then it is over the 700.00 that the rent was paid with
    assert site.db.get_value("Invoice Request", name, "amount") == 700.0


def test_an_invoice_of_more_than_stays_is_taken_back_and_issued_anew(site, shop, paid):
    # given an invoice of 1000.00, and the balance of 200.00 gone back, which was not invoiced
    name = ask(paid.receipt)
    invoices.issue(name, NUMBER, "Administrator", NOW)
    give_back(shop, paid, "200.00", reopen=False)
    assert state(site, name) == "Issued"
    # when 300.00 more go back, off the rent
    give_back(shop, paid, "300.00")
    # then a red letter is due, and the invoice after it is of the rest
    assert state(site, name) == "Red Letter Due"
    invoices.red_letter(name, RED, "Administrator", NOW)
    assert site.db.get_value("Invoice Request", ask(paid.receipt), "amount") == 700.0


def test_a_request_of_more_than_stays_is_rejected(site, shop, paid):
    name = ask(paid.receipt)
    give_back(shop, paid, "500.00")
    rejected = site.db.get_value("Invoice Request", name, ["status", "note"])
    assert rejected == ("Rejected", "该笔付款已部分退回，请重新申请开票。")


def test_a_payment_on_its_way_back_is_not_invoiced(site, shop, paid):
    name = refunds.request(
        shop.merchant, D("1200.00"), "Cash", "多收", "Administrator", NOW, paid.order, True
    )
    refunds.review(name, True, None, "Guest", NOW)
    with pytest.raises(site.ValidationError, match="正在退回"):
        ask(paid.receipt)


def test_a_deposit_is_not_invoiced(site, shop):
    taken = factories.collect(shop.merchant, [], "Cash", D("500.00"), "Administrator", NOW)
    with pytest.raises(site.ValidationError):
        ask(taken.receipt)


@pytest.mark.parametrize(("title", "tax_number"), [(" ", None), ("某公司", "12345")])
def test_a_request_without_a_name_or_with_a_wrong_number_is_refused(site, paid, title, tax_number):
    with pytest.raises(site.ValidationError):
        ask(paid.receipt, title, tax_number)


def test_a_person_needs_no_tax_number(site, paid):
    assert state(site, ask(paid.receipt, "王小明", None)) == "Requested"


def test_an_invoice_number_is_twenty_digits_and_used_once(site, shop, paid):
    name = ask(paid.receipt)
    with pytest.raises(site.ValidationError, match="20"):
        invoices.issue(name, "123", "Administrator", NOW)
    invoices.issue(name, NUMBER, "Administrator", NOW)
    other = factories.shop(shop.market)
    rent = factories.rent_bill(other)
    receipt = factories.collect(other.merchant, [rent], "Cash", D("3000.00"), "Administrator", NOW).receipt
    with pytest.raises(site.ValidationError, match=NUMBER):
        invoices.issue(ask(receipt), NUMBER, "Administrator", NOW)


def test_a_rejection_needs_a_reason(site, paid):
    with pytest.raises(site.ValidationError):
        invoices.reject(ask(paid.receipt), "", "Administrator", NOW)
