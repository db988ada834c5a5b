"""Scenarios: money that arrives, in order, twice, late, for the wrong amount, for a closed order."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt.domain.periods import month_of
from market_mgmt.services import closing, ledger, payments, red_cards
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.tests import factories

D = Decimal


def at(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 11, day, hour)


@pytest.fixture
def shop(site):
    """A stall with an October rent of 1000, billed on the first of November, due on the eighth."""
    return factories.shop(rent="1000.00")


def test_a_payment_in_time_settles_the_bill_and_is_receipted(site, shop, rent):
    # given an order placed and paid on the fifth
    order = factories.order(shop, [rent], at(5))
    # when its notification arrives
    result = payments.settle(factories.transaction(order, at(5)), at(5))
    # then
    fee = site.get_doc("Fee", rent)
    assert (result.state, fee.status, fee.outstanding, fee.paid_date) == (
        "settled",
        "Paid",
        0,
        date(2026, 11, 5),
    )
    receipt = site.get_doc("Receipt", result.receipt)
    assert (receipt.name, yuan(receipt.amount)) == (f"{shop.market}-2026-000001", D("1000.00"))
    assert [(line.fee, yuan(line.principal), yuan(line.late_fee)) for line in receipt.lines] == [
        (rent, D("1000.00"), D("0.00"))
    ]
    assert site.db.get_value("Market Payment Order", order, "status") == "Paid"
    assert ledger.check(shop.market) == []


def test_a_repeated_notification_changes_nothing(site, shop, rent):
    order = factories.order(shop, [rent], at(5))
    said = factories.transaction(order, at(5))
    payments.settle(said, at(5))
    before = entries(site, shop)
    for hour in (11, 12):
        assert payments.settle(said, at(5, hour)).state == "duplicate"
    assert entries(site, shop) == before
    assert site.db.count("Receipt", {"market": shop.market}) == 1


def test_a_late_word_that_it_was_not_paid_changes_nothing(site, shop, rent):
    order = factories.order(shop, [rent], at(5))
    said = factories.transaction(order, at(5))
    payments.settle(said, at(5))
    for state in ("NOTPAY", "CLOSED", "USERPAYING"):
        assert payments.settle(replace(said, trade_state=state), at(5)).state == "not paid"
    assert site.db.get_value("Market Payment Order", order, "status") == "Paid"


def test_an_overdue_bill_is_paid_with_its_late_fee(site, shop, rent):
    # given three days overdue: 1.50
    order = factories.order(shop, [rent], at(11))
    assert yuan(site.db.get_value("Market Payment Order", order, "amount")) == D("1001.50")
    # when
    result = payments.settle(factories.transaction(order, at(11)), at(11))
    # then late fee and principal are both settled, also as of any later day
    line = site.get_doc("Receipt", result.receipt).lines[0]
    assert (yuan(line.principal), yuan(line.late_fee)) == (D("1000.00"), D("1.50"))
    assert ledger.open_fees(date(2027, 6, 1), lease=shop.lease) == []
    assert accrue_market(shop.market, date(2027, 6, 1)) == 0
    assert ledger.check(shop.market) == []


def test_a_notification_that_arrives_days_late_counts_from_the_day_of_payment(site, shop, rent):
    # given paid on the eleventh, while late fees went on being posted until the fourteenth
    order = factories.order(shop, [rent], at(11))
    said = factories.transaction(order, at(11, 23))
    for day in (12, 13, 14):
        accrue_market(shop.market, date(2026, 11, day))
    assert ledger.fee_balance(rent) == (D("1000.00"), D("3.00"))
    # when the notification comes on the fifteenth
    payments.settle(said, at(15))
    # then the late fees of the days after the payment are taken back
    assert ledger.fee_balance(rent) == (D("0.00"), D("0.00"))
    assert yuan(site.get_doc("Fee", rent).late_fee_posted) == D("1.50")
    assert ledger.open_fees(date(2026, 12, 1), lease=shop.lease) == []
    assert ledger.check(shop.market) == []


def test_late_news_of_a_part_payment_leaves_the_late_fee_of_the_rest(site, shop, rent):
    # given 601.50 paid on the eleventh (1.50 late fee, 600 principal), known on the fifteenth
    order = factories.order(shop, [rent], at(11), amount=601.50)
    accrue_market(shop.market, date(2026, 11, 14))
    payments.settle(factories.transaction(order, at(11)), at(15))
    # then the 12th to the 14th accrue on 400 only
    assert ledger.fee_balance(rent) == (D("400.00"), D("0.60"))
    assert ledger.check(shop.market) == []


def test_late_fees_are_taken_back_in_the_month_they_were_posted_in(site, shop, rent):
    # given late fees of 11.00 posted for November, and 1.00 more when 1.00 was paid on 2 December
    order = factories.order(shop, [rent], at(10))
    accrue_market(shop.market, date(2026, 11, 30))
    december = datetime(2026, 12, 2, 9)
    factories.collect(shop.merchant, [rent], "Cash", D("1.00"), "Administrator", december)
    # when it becomes known that the rent was paid by WeChat on 10 November
    payments.settle(factories.transaction(order, at(10)), december)
    # then the 1.00 of the 9th and 10th is November's, and December has none
    income = {
        month: closing.account_totals(shop.market, month_of(month))["Late Fee Income"][1:]
        for month in ("2026-11", "2026-12")
    }
    assert income == {"2026-11": (D("10.00"), D("11.00")), "2026-12": (D("1.00"), D("1.00"))}
    assert ledger.check(shop.market) == []


def test_another_amount_is_quarantined(site, shop, rent):
    order = factories.order(shop, [rent], at(5))
    before = entries(site, shop)
    said = factories.transaction(order, at(5), amount=D("0.01"))
    assert payments.settle(said, at(5)).state == "quarantined"
    assert payments.settle(said, at(5)).state == "quarantined"
    assert site.db.get_value("Market Payment Order", order, "status") == "Quarantined"
    assert entries(site, shop) == before


@pytest.mark.parametrize("wrong", [{"mchid": "1900000002"}, {"sub_mchid": "160"}, {"transaction_id": None}])
def test_another_payee_or_no_transaction_is_quarantined(site, shop, rent, wrong):
    order = factories.order(shop, [rent], at(5))
    assert payments.settle(factories.transaction(order, at(5), **wrong), at(5)).state == "quarantined"
    assert ledger.prepaid_balance(shop.merchant) == 0


def test_one_transaction_pays_one_order(site, shop, rent):
    first, second = (factories.order(shop, [rent], at(5)) for _ in range(2))
    said = factories.transaction(first, at(5))
    payments.settle(said, at(5))
    assert payments.settle(replace(said, out_trade_no=second), at(5)).state == "quarantined"


def test_money_for_a_closed_order_pays_what_is_open_and_lifts_the_card(site, shop, rent):
    # given a red card, and an order that was closed but paid all the same
    [card] = red_cards.draft_due(shop.market, at(16))
    red_cards.review(card, True, None, "Administrator", at(16))
    order = factories.order(shop, [rent], at(16), status="Closed")
    result = payments.settle(factories.transaction(order, at(16)), at(17))
    # then it pays the rent as of the day on which it was paid, and says so on the receipt
    assert (result.state, result.red_cards_lifted) == ("settled", (card,))
    assert ledger.open_fees(date(2026, 12, 31), lease=shop.lease) == []
    assert [line.fee for line in site.get_doc("Receipt", result.receipt).lines] == [rent]
    assert ledger.prepaid_balance(shop.merchant) == 0
    assert ledger.check(shop.market) == []


def test_money_for_a_closed_order_pays_the_oldest_first_whatever_it_was_for(site, shop, rent):
    factories.bills(shop.market, "2026-11", date(2026, 12, 1))
    november = f"{shop.lease}-RENT-20261101-1"
    second = datetime(2026, 12, 2, 10)
    order = factories.order(shop, [november], second, status="Closed")
    payments.settle(factories.transaction(order, second), second)
    # 24 days of late fee on October, and of its principal what was left
    assert ledger.fee_balance(rent) == (D("12.00"), D("0.00"))
    assert ledger.fee_balance(november) == (D("1000.00"), D("0.00"))


def test_money_for_a_closed_order_whose_fees_are_paid_is_kept_for_the_next_bills(site, shop, rent):
    order = factories.order(shop, [rent], at(5), status="Closed")
    factories.collect(shop.merchant, [rent], "Cash", D("1000.00"), "Administrator", at(5))
    result = payments.settle(factories.transaction(order, at(5)), at(6))
    assert (result.state, ledger.prepaid_balance(shop.merchant)) == ("prepaid", D("1000.00"))
    assert [line.fee for line in site.get_doc("Receipt", result.receipt).lines] == [None]
    factories.bills(shop.market, "2026-11", date(2026, 12, 1))
    assert ledger.prepaid_balance(shop.merchant) == 0
    assert ledger.open_fees(date(2026, 12, 1), lease=shop.lease) == []
    assert ledger.check(shop.market) == []


def test_paid_twice_over_two_orders_leaves_the_second_as_balance(site, shop, rent):
    first, second = (factories.order(shop, [rent], at(5)) for _ in range(2))
    payments.settle(factories.transaction(first, at(5)), at(5))
    result = payments.settle(factories.transaction(second, at(5)), at(5))
    assert result.state == "settled"
    assert ledger.prepaid_balance(shop.merchant) == D("1000.00")
    assert ledger.check(shop.market) == []


def test_money_that_becomes_known_late_pays_no_bill_before_its_bill_date(site, shop, rent):
    # given the rent ordered by WeChat on the last of November, paid at the counter as well, and the next bill
    last_minute = datetime(2026, 11, 30, 23, 50)
    order = factories.order(shop, [rent], last_minute)
    factories.collect(shop.merchant, [rent], "Cash", D("1011.00"), "Administrator", last_minute)
    november = factories.rent_bill(shop, "2026-11", date(2026, 12, 1))
    # when it becomes known after midnight that the order was paid before it
    payments.settle(factories.transaction(order, last_minute), datetime(2026, 12, 1, 0, 1))
    # then November's books hold the money, and December's that it pays the bill of 1 December
    days = {(entry.entry_type, entry.posting_date) for entry in ledger.entries_of_order(order)}
    assert days == {("Payment", date(2026, 11, 30)), ("Allocation", date(2026, 12, 1))}
    fee = site.get_doc("Fee", november)
    assert (fee.status, fee.paid_date) == ("Paid", date(2026, 12, 1))
    assert ledger.check(shop.market) == []


def test_what_exceeds_the_chosen_fees_pays_other_due_ones(site, shop, rent):
    # given a second, later bill
    factories.tariff(shop.market, "Sanitation", "31.00")
    names = factories.bills(shop.market, "2026-09", date(2026, 11, 2))
    sanitation = next(name for name in names if "SANI" in name)
    # when an order for the sanitation fee is paid with more than it costs
    order = factories.order(shop, [sanitation], at(5), amount=531.00)
    result = payments.settle(factories.transaction(order, at(5)), at(5))
    # then the rest goes to the oldest bill
    paid = {line.fee: yuan(line.amount) for line in site.get_doc("Receipt", result.receipt).lines}
    assert paid == {sanitation: D("31.00"), rent: D("500.00")}
    assert site.get_doc("Fee", rent).status == "Partly Paid"


def test_an_unknown_order_is_logged_and_posts_nothing(site, shop):
    assert (
        payments.settle(
            factories.transaction(factories.order(shop, [], at(5), amount=1), at(5), out_trade_no="nobody"),
            at(5),
        ).state
        == "unknown"
    )
    assert ledger.prepaid_balance(shop.merchant) == 0


def test_a_failed_or_revoked_payment_closes_the_order(site, shop, rent):
    order = factories.order(shop, [rent], at(5))
    assert (
        payments.settle(factories.transaction(order, at(5), trade_state="PAYERROR"), at(5)).state == "closed"
    )
    assert site.db.get_value("Market Payment Order", order, "status") == "Closed"


def test_receipt_numbers_have_no_gaps_and_start_again_each_year(site, shop):
    market = shop.market
    shops = [shop, factories.shop(market), factories.shop(market)]
    factories.bills(market, "2026-10", date(2026, 11, 1))
    receipts = []
    for number, tenant in enumerate(shops):
        fees = [row.name for row in ledger.open_fees(date(2026, 11, 5), lease=tenant.lease)]
        order = factories.order(tenant, fees, at(5))
        when = datetime(2027, 1, 2) if number == 2 else at(5)
        receipts.append(payments.settle(factories.transaction(order, at(5)), when).receipt)
    assert receipts == [f"{market}-2026-000001", f"{market}-2026-000002", f"{market}-2027-000001"]


def entries(site, shop):
    return site.db.count("Account Entry", {"market": shop.market})
