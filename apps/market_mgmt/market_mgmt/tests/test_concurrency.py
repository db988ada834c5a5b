"""Processes that do the same thing at once: the books balance whoever wins.

These tests commit, each into a market of its own; entries of the ledger stay by design.
"""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import billing, cashiers, ledger, refunds
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


def test_twenty_merchants_paying_at_once_get_receipts_without_gaps(site, race, shop):
    # given nineteen neighbours whose orders are paid while late fees are being posted
    shops = [shop, *(factories.shop(shop.market, rent="500.00") for _ in range(19))]
    factories.bills(shop.market, "2026-10", date(2026, 11, 1))
    orders = [factories.order(tenant, [rent_of(tenant)], NOW) for tenant in shops]
    told = [("settle", {"order": order, "transaction_id": f"42{order[-8:]}"}) for order in orders]
    answers = race(*told, ("accrue", {"market": shop.market}))
    assert answers[:20] == ["settled"] * 20
    numbers = site.get_all("Receipt", {"market": shop.market}, pluck="number", order_by="number asc")
    assert numbers == list(range(1, 21))
    assert ledger.open_fees(date(2027, 1, 1), market=shop.market) == []
    assert ledger.check(shop.market) == []


@pytest.fixture
def balance(shop):
    """The rent is paid, and 1000.00 more."""
    factories.collect(shop.merchant, [], "Cash", D("2001.50"), "Administrator", NOW)
    return shop


def refund_of(shop, amount="1000.00"):
    return refunds.request(shop.merchant, D(amount), "Transfer", "多收", "Administrator", NOW)


def test_a_refund_racing_the_bill_that_would_use_the_money_spends_it_once(site, race, balance):
    # given a refund of the whole balance about to be approved, and November's rent about to be published
    refund = refund_of(balance)
    billing.generate(balance.market, "2026-11", NOW.date())
    november = f"{balance.lease}-RENT-20261101-1"
    billing.review([november], "Administrator", NOW)
    clicks = [("publish", {"market": balance.market, "period": "2026-11"})] * 3
    *published, approved = race(*clicks, ("approve_refund", {"refund": refund}))
    # then the money is held for the refund and the rent is owed, or it pays the rent and the refund is refused
    assert sorted(published) == [0, 0, 1]
    owed = {"Approved": D("1000.00"), "ValidationError": D("0.00")}[approved]
    assert ledger.fee_balance(november) == (owed, D("0.00"))
    assert ledger.prepaid_balance(balance.merchant) == D("0.00")
    assert ledger.check(balance.market) == []


def test_a_refund_approved_by_three_at_once_holds_its_money_once(site, race, balance):
    refund = refund_of(balance, "400.00")
    answers = race(*[("approve_refund", {"refund": refund})] * 3)
    assert sorted(answers) == ["Approved", "ValidationError", "ValidationError"]
    assert ledger.prepaid_balance(balance.merchant) == D("600.00")
    assert ledger.check(balance.market) == []


def test_bills_published_by_three_at_once_are_charged_once(site, race, shop):
    # given the reviewed bills of November of four shops, and a balance that pays part of one
    for _neighbour in range(3):
        factories.shop(shop.market, rent="500.00")
    factories.collect(shop.merchant, [], "Cash", D("1201.50"), "Administrator", NOW)
    bills = billing.generate(shop.market, "2026-11", NOW.date()).created
    billing.review(bills, "Administrator", NOW)
    answers = race(*[("publish", {"market": shop.market, "period": "2026-11"})] * 3)
    assert sorted(answers) == [0, 0, 4]
    assert site.db.count("Account Entry", {"fee": ["in", bills], "entry_type": "Charge"}) == 4
    assert ledger.fee_balance(f"{shop.lease}-RENT-20261101-1") == (D("800.00"), D("0.00"))
    assert ledger.check(shop.market) == []


def test_two_who_publish_at_once_do_not_exceed_the_supplier_s_bill_together(site, race):
    # given two meters that show twice what the supplier delivered, each of whose bills would do
    market = factories.market()
    for _ in range(2):
        meter = factories.meter(factories.shop(market), "Electricity")
        factories.reading(meter, "2026-11", "100", date(2026, 11, 30))
    values = {"market": market, "fee_type": "Electricity", "period": "2026-11", "units": 100, "amount": 100}
    values |= {"attachment": "/private/files/bill.pdf", "status": "Confirmed"}
    site.get_doc({"doctype": "Supplier Bill", **values}).insert(ignore_permissions=True)
    bills = [name for name in billing.generate(market, "2026-11", NOW.date()).created if "-ELEC-" in name]
    billing.review(bills, "Administrator", NOW)
    answers = race(*[("publish", {"market": market, "period": "2026-11", "names": [name]}) for name in bills])
    assert sorted(map(str, answers)) == ["1", "ValidationError"]
    assert ledger.check(market) == []


def test_income_recognised_by_three_at_once_is_posted_once(site, race):
    shop = factories.shop(rent="1000.00", cycle="Quarterly", start_date=date(2026, 10, 1))
    factories.rent_bill(shop, "2026-10", date(2026, 10, 1))
    race(*[("recognise", {"market": shop.market, "through": "2026-11-30"})] * 3)
    assert site.db.count("Account Entry", {"market": shop.market, "entry_type": "Recognition"}) == 2
    assert ledger.check(shop.market) == []


def test_money_of_a_month_that_is_just_being_closed_is_in_it_or_in_the_next(site, race):
    # given September's rent, paid on 30 October, which becomes known while October is being closed
    shop = factories.shop(rent="1000.00")
    september = factories.rent_bill(shop, "2026-09", date(2026, 10, 1))
    order = factories.order(shop, [september], datetime(2026, 10, 30, 9), amount=1011.0)
    told = {"order": order, "transaction_id": f"42{order[-8:]}", "paid_at": "2026-10-30T09:00"}
    closed, settled, _accrued = race(
        ("close_month", {"market": shop.market, "period": "2026-10"}),
        ("settle", told),
        ("accrue", {"market": shop.market, "as_of": "2026-10-31"}),
    )
    # then either October was closed first and the money is in November's books, or the payment came first and has to be
    # reconciled before October can be closed; it was paid in time for 22 days of late fees either way
    assert settled == "settled"
    payment = {"payment_order": order, "entry_type": "Payment"}
    booked = site.db.get_value("Account Entry", payment, ["posting_date", "value_date"])
    in_november, in_october = (date(2026, 11, 1), date(2026, 10, 30)), (date(2026, 10, 30), None)
    assert booked == (in_october if closed == "ValidationError" else in_november)
    assert site.db.get_value("Fee", september, "late_fee_posted") == 11
    assert ledger.fee_balance(september) == (D("0.00"), D("0.00"))
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


def test_a_bill_reversed_by_three_while_the_other_is_paid_frees_its_money_once(site, race, shop):
    # given November's bill paid, October's overdue with 1.50, and 1001.50 being taken for October at the same moment
    [november] = factories.bills(shop.market, "2026-11", NOW.date())
    factories.collect(shop.merchant, [november], "Cash", D("1000.00"), "Administrator", NOW)
    answers = race(
        *[("reverse_bill", {"fee": november})] * 3,
        ("collect", {"merchant": shop.merchant, "fee": "", "amount": "1001.50"}),
    )
    # then it is reversed once; whichever money came first pays October, the other is balance
    assert Counter(map(str, answers[:3])) == {"[]": 1, "ValidationError": 2}
    assert ledger.fee_balance(rent_of(shop)) == (D("0.00"), D("0.00"))
    assert ledger.prepaid_balance(shop.merchant) == D("1000.00")
    assert ledger.open_fees(date(2027, 1, 1), market=shop.market) == []
    assert ledger.check(shop.market) == []


def test_money_of_a_closed_order_told_ten_times_while_a_bill_is_published_is_used_once(site, race, shop):
    order = factories.order(shop, [rent_of(shop)], NOW, status="Closed", amount=1601.5)
    billing.generate(shop.market, "2026-11", NOW.date())
    november = f"{shop.lease}-RENT-20261101-1"
    billing.review([november], "Administrator", NOW)
    told = ("settle", {"order": order, "transaction_id": f"42{order[-8:]}"})
    publishing = ("publish", {"market": shop.market, "period": "2026-11"})
    answers = race(*[told] * 10, publishing, ("accrue", {"market": shop.market}))
    assert Counter(answers[:10]) == {"settled": 1, "duplicate": 9}
    assert ledger.fee_balance(rent_of(shop)) == (D("0.00"), D("0.00"))
    assert ledger.fee_balance(november) == (D("400.00"), D("0.00"))
    assert ledger.prepaid_balance(shop.merchant) == D("0.00")
    assert ledger.check(shop.market) == []


def test_a_refund_given_up_by_three_while_a_bill_is_reversed_becomes_balance_once(site, race, balance):
    # given 600.00 of the balance held for a refund, and November's bill paid in part by the other 400.00
    refund = refund_of(balance, "600.00")
    refunds.review(refund, True, None, "Guest", NOW)
    [november] = factories.bills(balance.market, "2026-11", NOW.date())
    assert ledger.fee_balance(november) == (D("600.00"), D("0.00"))
    answers = race(*[("give_up_refund", {"refund": refund})] * 3, ("reverse_bill", {"fee": november}))
    assert sorted(answers[:3]) == ["Failed", "ValidationError", "ValidationError"]
    assert ledger.prepaid_balance(balance.merchant) == D("1000.00")
    assert ledger.check(balance.market) == []


def test_a_payment_taken_back_by_two_while_its_rest_pays_a_bill_never_was(site, race, shop):
    # given 1801.50, of which 800.00 are left when November's bill is being published
    taken = factories.collect(shop.merchant, [], "Transfer", D("1801.50"), "Administrator", NOW)
    billing.generate(shop.market, "2026-11", NOW.date())
    november = f"{shop.lease}-RENT-20261101-1"
    billing.review([november], "Administrator", NOW)
    factories.at_counter(shop.market, "Guest", NOW)
    back = ("reverse_payment", {"order": taken.order, "by": "Guest"})
    answers = race(back, back, ("publish", {"market": shop.market, "period": "2026-11"}))
    # then it is taken back once, and both bills are owed whichever came first
    assert "ValidationError" in answers[:2]
    assert [type(one) for one in answers[:2]].count(list) == 1
    assert ledger.fee_balance(rent_of(shop)) == (D("1000.00"), D("1.50"))
    assert ledger.fee_balance(november) == (D("1000.00"), D("0.00"))
    assert ledger.prepaid_balance(shop.merchant) == D("0.00")
    assert ledger.check(shop.market) == []


def test_one_drawer_pays_no_two_refunds_that_it_cannot_hold(site, race, shop):
    # given a drawer of 200.00, a balance that came by transfer, and three approved refunds of 150.00 in cash
    factories.collect(shop.merchant, [], "Transfer", D("2001.50"), "Administrator", NOW)
    names = [
        refunds.request(shop.merchant, D("150.00"), "Cash", "多收", "Guest", NOW) for _refund in range(3)
    ]
    for name in names:
        refunds.review(name, True, None, "Administrator", NOW)
    answers = race(*[("pay_refund", {"refund": name}) for name in names])
    assert sorted(answers) == ["Succeeded", "ValidationError", "ValidationError"]
    session = factories.at_counter(shop.market, "Administrator", NOW)
    assert cashiers.expected(session)["Cash"] == D("50.00")
    assert ledger.check(shop.market) == []
