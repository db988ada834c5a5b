"""Scenarios: from leases, tariffs and readings to published bills."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt.services import billing, ledger, red_cards
from market_mgmt.tests import factories
from market_mgmt.tests.queries import count_queries

D = Decimal
NOV_1 = date(2026, 11, 1)
NOV_1_NOON = datetime(2026, 11, 1, 12)


def fee(site, name):
    return site.get_doc("Fee", name)


def test_a_month_is_drafted_reviewed_and_published(site):
    # given a stall with rent 3000, water at 2.85 and a reading of 12.5 t in October
    shop = factories.shop(rent="3000.00")
    factories.tariff(shop.market, "Water", "2.85")
    meter = factories.meter(shop, "Water", initial_reading=100)
    factories.reading(meter, "2026-10", "112.5", date(2026, 10, 31))

    # when October is generated on the first of November
    run = billing.generate(shop.market, "2026-10", NOV_1)

    # then there is a draft of rent and one of water, with readable lines, and nothing in the ledger
    assert run.skipped == []
    rent, water = (fee(site, name) for name in sorted(run.created))
    assert (rent.name, water.name) == (f"{shop.lease}-RENT-20261001-1", f"{shop.lease}-WATER-20261001-1")
    assert (yuan(rent.amount), yuan(water.amount)) == (D("3000.00"), D("35.63"))
    assert (rent.status, rent.lines[0].days) == ("Draft", 31)
    assert (water.lines[0].quantity, water.lines[0].unit_price) == (12.5, 2.85)
    assert ledger.open_fees(NOV_1, lease=shop.lease) == []

    # when they are published
    assert factories.publish(shop.market, "2026-10", NOV_1) == 2

    # then they are due after seven days, owed, and the rent (not the water) carries the late fee rule
    rent, water = fee(site, rent.name), fee(site, water.name)
    assert (rent.status, rent.due_date, rent.late_fee_from) == (
        "Published",
        date(2026, 11, 8),
        date(2026, 11, 9),
    )
    assert (rent.late_fee_rate, rent.late_fee_cap, rent.late_fee_applies) == (0.0005, 0.2, 1)
    assert water.late_fee_applies == 0
    assert ledger.fee_balance(rent.name) == (D("3000.00"), D("0.00"))
    assert ledger.check(shop.market) == []


def test_running_it_again_changes_nothing(site):
    shop = factories.shop()
    first = billing.generate(shop.market, "2026-10", NOV_1)
    again = billing.generate(shop.market, "2026-10", NOV_1)
    assert (len(first.created), again.created, again.existing) == (1, [], 1)
    assert factories.publish(shop.market, "2026-10", NOV_1) == 1
    assert factories.publish(shop.market, "2026-10", NOV_1) == 0
    assert billing.generate(shop.market, "2026-10", date(2026, 11, 2)).created == []


def test_only_the_chosen_drafts_are_published(site):
    market = factories.market()
    one, two = factories.shop(market), factories.shop(market)
    billing.generate(market, "2026-10", NOV_1)
    assert factories.publish(market, "2026-10", NOV_1, [f"{one.lease}-RENT-20261001-1"]) == 1
    assert fee(site, f"{two.lease}-RENT-20261001-1").status == "Draft"
    assert factories.publish(market, "2026-10", NOV_1, []) == 0


def test_what_cannot_be_billed_is_named(site):
    market = factories.market()
    unread, held, priceless = (factories.shop(market) for _ in range(3))
    factories.tariff(market, "Water", "2.00")
    factories.meter(unread, meter_no="W-UNREAD")
    factories.reading(factories.meter(held, meter_no="W-HELD"), "2026-10", "0")
    factories.reading(factories.meter(priceless, "Electricity"), "2026-10", "50")
    run = billing.generate(market, "2026-10", NOV_1)
    assert len(run.created) == 3  # the rents
    reasons = dict(run.skipped)
    assert set(reasons) == {unread.stall, held.stall, priceless.stall}
    assert "W-UNREAD" in reasons[unread.stall] and "W-HELD" in reasons[held.stall]


def test_a_price_of_the_stall_wins_and_the_latest_counts(site):
    shop = factories.shop()
    factories.tariff(shop.market, "Water", "9.00", date(2026, 10, 1))
    factories.tariff(shop.market, "Water", "2.00", date(2025, 1, 1), shop.stall)
    factories.tariff(shop.market, "Water", "3.00", date(2026, 10, 1), shop.stall)
    factories.tariff(shop.market, "Water", "4.00", NOV_1, shop.stall)
    factories.reading(factories.meter(shop), "2026-10", "10")
    run = billing.generate(shop.market, "2026-10", NOV_1)
    assert yuan(fee(site, f"{shop.lease}-WATER-20261001-1").amount) == D("30.00")
    assert run.skipped == []


def test_what_a_reversed_bill_had_taken_pays_another_stall_s_arrears_and_lifts_its_card(site):
    # given two stalls of one merchant, the one with a red card, the other's bill paid and then found wrong
    first = factories.shop(rent="1000.00")
    second = factories.shop(first.market, "1011.00", first.merchant)
    overdue, wrong = factories.rent_bill(first), f"{second.lease}-RENT-20261001-1"
    monday = datetime(2026, 11, 16, 10)
    cards = red_cards.draft_due(first.market, monday)
    for card in cards:
        red_cards.review(card, True, None, "Administrator", monday)
    factories.collect(first.merchant, [wrong], "Transfer", D("1015.04"), "Administrator", monday)
    lifted = billing.reverse(wrong, "不是他的摊位", monday)
    # then its money pays the other at once, as of that day
    assert lifted == [card for card in cards if site.db.get_value("Red Card", card, "lease") == first.lease]
    assert site.db.get_value("Fee", overdue, "status") == "Paid"
    assert ledger.prepaid_balance(first.merchant) == D("11.04")
    assert ledger.check(first.market) == []


def test_a_wrong_bill_is_reversed_and_issued_again(site):
    # given a published bill
    shop = factories.shop(rent="3000.00")
    name = factories.rent_bill(shop)
    # when it is reversed, the rent corrected, and the month generated again
    billing.reverse(name, "租金录入错误", NOV_1_NOON)
    site.db.set_value("Lease", shop.lease, "monthly_rent", 2800)
    run = billing.generate(shop.market, "2026-10", NOV_1)
    # then a second revision stands beside the first
    assert run.created == [f"{shop.lease}-RENT-20261001-2"]
    assert factories.publish(shop.market, "2026-10", NOV_1) == 1
    assert ledger.fee_balance(name) == (D("0.00"), D("0.00"))
    assert ledger.fee_balance(run.created[0])[0] == D("2800.00")
    assert ledger.check(shop.market) == []
    with pytest.raises(site.ValidationError):
        billing.reverse(name, "again", NOV_1_NOON)


def test_a_bill_dated_back_is_paid_by_balance_on_the_day_the_balance_came(site):
    # given 1000.00 taken in advance on 2 December
    shop = factories.shop(rent="1000.00")
    came = datetime(2026, 12, 2, 9)
    factories.collect(shop.merchant, [], "Cash", D("1000.00"), "Administrator", came)
    # when November's bill is published that day, dated the last of November
    name = factories.rent_bill(shop, "2026-11", date(2026, 11, 30))
    # then November's books owe it, and December's pay it
    days = {(entry.entry_type, entry.posting_date) for entry in ledger.entries_of([name])[name]}
    assert days == {("Charge", date(2026, 11, 30)), ("Allocation", came.date())}
    assert (fee(site, name).status, fee(site, name).paid_date) == ("Paid", came.date())


def test_a_quarter_s_bill_that_should_have_been_a_month_s_is_issued_again_with_a_name_of_its_own(site):
    # given a quarter's rent, billed by mistake
    shop = factories.shop(rent="3000.00", cycle="Quarterly", start_date=date(2026, 10, 1))
    quarter = factories.rent_bill(shop)
    # when it is reversed, and the cycle corrected
    billing.reverse(quarter, "应为月付", NOV_1_NOON)
    lease = site.get_doc("Lease", shop.lease)
    lease.cycle = "Monthly"
    lease.save(ignore_permissions=True)
    # then the month is billed beside it
    [month] = billing.generate(shop.market, "2026-10", NOV_1).created
    assert month == f"{shop.lease}-RENT-20261001-2"
    assert (fee(site, month).amount, fee(site, month).period_end) == (3000.0, date(2026, 10, 31))


def test_a_one_off_fee_of_the_first_of_the_month_does_not_stand_in_the_way_of_the_month_s_bill(site):
    shop = factories.shop(rent="3000.00")
    extra = billing.create_one_off(shop.lease, "Rent", D("5.00"), "九月少计", date(2026, 10, 1))
    [month] = billing.generate(shop.market, "2026-10", NOV_1).created
    assert [fee(site, name).amount for name in (extra, month)] == [5.0, 3000.0]


def test_opening_arrears_are_taken_over_once(site):
    # given arrears of May, due on the tenth of June
    shop = factories.shop()
    due, as_of = date(2026, 6, 10), date(2026, 11, 1)
    opening = billing.OpeningFee(shop.lease, "Rent", "2026-05", D("1500.00"), due, "row-7")
    [name] = billing.record_openings([opening], as_of)
    assert billing.record_openings([opening], as_of) == [name]
    # then they are overdue since then, but late fees run from the day after the take-over
    assert fee(site, name).due_date == due
    assert ledger.open_fees(as_of, lease=shop.lease)[0].late_fee == 0
    assert ledger.open_fees(date(2026, 11, 3), lease=shop.lease)[0].late_fee == D("1.50")
    with pytest.raises(site.ValidationError):
        billing.record_openings([replace(opening, amount=D("99.00"), key="another row")], as_of)
    assert ledger.check(shop.market) == []


def test_a_one_off_fee_carries_a_reason(site):
    shop = factories.shop()
    with pytest.raises(site.ValidationError):
        billing.create_one_off(shop.lease, "Management", D("50.00"), " ", NOV_1)
    names = [
        billing.create_one_off(shop.lease, "Management", D("50.00"), "补办门禁卡", NOV_1) for _ in range(2)
    ]
    assert names == [f"{shop.lease}-MGMT-20261101-1", f"{shop.lease}-MGMT-20261101-2"]
    assert factories.publish(shop.market, "2026-11", NOV_1, names[:1]) == 1
    assert ledger.fee_balance(names[0])[0] == D("50.00")


def test_no_bills_for_a_month_that_has_not_begun_or_is_none(site):
    market = factories.market()
    for period in ("2026-12", "2026-13", "soon"):
        with pytest.raises(site.ValidationError):
            billing.generate(market, period, NOV_1)


def test_a_whole_market_takes_few_queries(site):
    # given fifty shops with two meters each
    market = factories.market()
    factories.tariff(market, "Water", "2.00")
    shops = [factories.shop(market) for _ in range(50)]
    for shop in shops:
        factories.reading(factories.meter(shop), "2026-10", "10")
    # when
    few = count_queries(lambda: billing.generate(market, "2026-10", NOV_1))
    published = count_queries(lambda: factories.publish(market, "2026-10", NOV_1))
    # then
    assert few < 20 and published < 20
