"""Scenarios: a cashier opens a session, takes money, and counts the drawer in the evening."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from market_mgmt.domain.periods import month_of
from market_mgmt.services import cashiers, closing, ledger, payments, refunds
from market_mgmt.tests import factories

D = Decimal
MORNING, EVENING = datetime(2026, 11, 5, 8), datetime(2026, 11, 5, 18)
CASHIER, SUPERVISOR = "Administrator", "Guest"


@pytest.fixture
def shop(site):
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop)
    return shop


@pytest.fixture
def session(shop):
    return cashiers.open_session(shop.market, CASHIER, D("200.00"), MORNING)


def take(shop, channel, amount, at=MORNING):
    return payments.collect(shop.merchant, [], channel, D(amount), CASHIER, at).order


def test_no_money_is_taken_outside_a_session(site, shop):
    with pytest.raises(site.ValidationError):
        take(shop, "Cash", "100.00")


def test_the_drawer_is_counted_by_channel(site, shop, session):
    take(shop, "Cash", "300.00")
    take(shop, "Cash", "50.50")
    take(shop, "POS", "400.00")
    assert cashiers.expected(session) == {"Cash": D("550.50"), "Transfer": D("0.00"), "POS": D("400.00")}
    counted = {"Cash": D("550.50"), "POS": D("400.00")}
    assert not any(cashiers.close_session(session, counted, CASHIER, EVENING).values())
    document = site.get_doc("Cashier Session", session)
    assert (document.status, document.difference, document.closed_by) == ("Closed", 0, CASHIER)


def test_a_difference_needs_a_note(site, shop, session):
    take(shop, "Cash", "300.00")
    with pytest.raises(site.ValidationError, match=r"-1\.00"):
        cashiers.close_session(session, {"Cash": D("499.00")}, CASHIER, EVENING)
    found = cashiers.close_session(session, {"Cash": D("499.00")}, CASHIER, EVENING, "找零差错")
    assert found["Cash"] == D("-1.00")


def test_what_is_given_back_the_same_day_leaves_the_same_drawer(site, shop, session):
    payments.reverse(take(shop, "Cash", "300.00"), "假币", SUPERVISOR, EVENING)
    assert cashiers.expected(session)["Cash"] == D("200.00")


def test_what_is_given_back_later_leaves_the_drawer_of_who_gives_it(site, shop, session):
    order = take(shop, "Cash", "300.00")
    cashiers.close_session(session, cashiers.expected(session), CASHIER, EVENING)
    later = EVENING + timedelta(days=1)
    with pytest.raises(site.ValidationError):
        payments.reverse(order, "假币", SUPERVISOR, later)
    second = cashiers.open_session(shop.market, SUPERVISOR, D("500.00"), later)
    payments.reverse(order, "假币", SUPERVISOR, later)
    assert cashiers.expected(second)["Cash"] == D("200.00")
    assert site.db.get_value("Market Payment Order", order, "reversed_in") == second


def test_what_is_given_back_on_another_day_is_of_that_days_session_though_nobody_closed_the_first(
    site, shop, session
):
    order = take(shop, "Cash", "300.00")
    later = EVENING + timedelta(days=1)
    second = cashiers.open_session(shop.market, SUPERVISOR, D("500.00"), later)
    payments.reverse(order, "假币", SUPERVISOR, later)
    assert (cashiers.expected(session)["Cash"], cashiers.expected(second)["Cash"]) == (
        D("500.00"),
        D("200.00"),
    )


def test_a_cashier_has_one_session_at_a_time(site, shop, session):
    with pytest.raises(site.DuplicateEntryError):
        cashiers.open_session(shop.market, CASHIER, D("0.00"), EVENING)
    cashiers.open_session(shop.market, SUPERVISOR, D("0.00"), EVENING)


def test_yesterday_s_session_takes_no_money(site, shop, session):
    with pytest.raises(site.ValidationError, match="2026-11-05"):
        take(shop, "Cash", "1.00", EVENING + timedelta(days=1))


def test_a_closed_session_stays_closed(site, shop, session):
    cashiers.close_session(session, {"Cash": D("200.00")}, CASHIER, EVENING)
    with pytest.raises(site.ValidationError):
        cashiers.close_session(session, {"Cash": D("200.00")}, CASHIER, EVENING)
    document = site.get_doc("Cashier Session", session)
    document.note = "改"
    with pytest.raises(site.PermissionError):
        document.save(ignore_permissions=True)


def test_a_channel_nobody_takes_money_by_is_refused(site, shop, session):
    with pytest.raises(site.ValidationError):
        cashiers.close_session(session, {"WeChat": D("1.00")}, CASHIER, EVENING)


def test_an_open_session_keeps_its_month_open(site, shop, session):
    assert len(cashiers.open_matters(shop.market, month_of("2026-11"))) == 1
    assert cashiers.open_matters(shop.market, month_of("2026-10")) == []


def over_short(site, shop):
    fields = ["debit_account", "credit_account", "amount", "merchant", "remark"]
    filters = {"market": shop.market, "entry_type": "Cash Over/Short"}
    return [tuple(row.values()) for row in site.get_all("Account Entry", filters, fields, order_by="amount")]


def cash_of(shop):
    totals = closing.account_totals(shop.market, month_of("2026-11"))
    _count, debit, credit = totals.get("Cash", (0, D("0.00"), D("0.00")))
    return debit - credit


def test_what_is_missing_or_too_much_is_booked_by_channel_and_the_ledger_has_what_is_there(
    site, shop, session
):
    take(shop, "Cash", "300.00")
    take(shop, "POS", "400.00")
    counted = {"Cash": D("495.00"), "POS": D("402.00")}
    assert cashiers.close_session(session, counted, CASHIER, EVENING, "找零错") == {
        "Cash": D("-5.00"),
        "Transfer": D("0.00"),
        "POS": D("2.00"),
    }
    assert over_short(site, shop) == [
        ("Cash", "Cash Over/Short", 2.0, None, "找零错"),
        ("Cash Over/Short", "Cash", 5.0, None, "找零错"),
    ]
    assert cash_of(shop) == sum(counted.values()) - D("200.00")
    assert ledger.check(shop.market) == []


def test_a_difference_that_is_not_booked_is_noticed_but_not_of_sessions_from_before(site, shop, session):
    cashiers.close_session(session, {"Cash": D("199.00")}, CASHIER, EVENING, "少一元")
    site.db.set_value("Cashier Session Count", {"parent": session, "channel": "Cash"}, "difference", -2)
    assert [found.rule for found in ledger.check(shop.market)] == ["counted difference is booked"]
    # given a session that was closed before differences were booked
    old = cashiers.open_session(shop.market, SUPERVISOR, D("200.00"), MORNING)
    cashiers.close_session(old, {"Cash": D("200.00")}, SUPERVISOR, EVENING)
    site.db.set_value("Cashier Session Count", {"parent": old, "channel": "Cash"}, "difference", -9)
    site.db.set_value("Cashier Session", old, "difference_booked", 0)
    assert [found.document for found in ledger.check(shop.market)] == [session]


@pytest.mark.parametrize("channel", ["Cash", "Transfer", "POS"])
def test_less_than_nothing_is_not_counted(site, shop, session, channel):
    counted = {"Cash": D("200.00"), channel: D("-0.01")}
    with pytest.raises(site.ValidationError, match=r"-0\.01"):
        cashiers.close_session(session, counted, CASHIER, EVENING, "说明")


def test_more_was_refunded_by_transfer_than_came_by_it(site, shop, session):
    # given 500.00 refunded by transfer, out of what came by card
    take(shop, "POS", "1500.00")
    refund(shop, "500.00", "Transfer")
    assert not any(cashiers.close_session(session, cashiers.expected(session), CASHIER, EVENING).values())


def refund(shop, amount, channel="Cash"):
    name = refunds.request(shop.merchant, D(amount), channel, "多收", SUPERVISOR, MORNING)
    refunds.review(name, True, None, CASHIER, MORNING)
    return refunds.pay_out(name, CASHIER, EVENING, "BANK-1")


def test_no_more_cash_is_refunded_than_the_drawer_holds(site, shop, session):
    take(shop, "Transfer", "1500.00")
    with pytest.raises(site.ValidationError, match=r"200\.00.*200\.01"):
        refund(shop, "200.01")
    refund(shop, "200.00")
    assert cashiers.expected(session)["Cash"] == D("0.00")


def test_no_more_cash_is_given_back_than_the_drawer_holds(site, shop, session):
    # given 300.00 taken, and 350.00 refunded out of the same drawer
    order = take(shop, "Cash", "300.00")
    take(shop, "POS", "1050.00")
    refund(shop, "350.00")
    with pytest.raises(site.ValidationError, match=r"150\.00.*300\.00"):
        payments.reverse(order, "假币", SUPERVISOR, EVENING)
    # nor out of the drawer of who gives it back the next day
    cashiers.close_session(session, cashiers.expected(session), CASHIER, EVENING)
    later = EVENING + timedelta(days=1)
    cashiers.open_session(shop.market, SUPERVISOR, D("299.99"), later)
    with pytest.raises(site.ValidationError, match=r"299\.99.*300\.00"):
        payments.reverse(order, "假币", SUPERVISOR, later)
    assert ledger.check(shop.market) == []


def test_cash_of_a_drawer_that_was_not_counted_yet_comes_out_of_it(site, shop, session):
    order = take(shop, "Cash", "300.00")
    later = EVENING + timedelta(days=1)
    second = cashiers.open_session(shop.market, SUPERVISOR, D("299.99"), later)
    payments.reverse(order, "假币", SUPERVISOR, later)
    assert cashiers.expected(session)["Cash"] == D("200.00")
    assert cashiers.expected(second)["Cash"] == D("299.99")
