"""Scenarios: rent of several months is owed at once, and income month by month."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt import tasks
from market_mgmt.services import billing, closing, deferral, lease_changes, ledger
from market_mgmt.tests import factories

D = Decimal
JAN_1 = date(2026, 1, 1)


@pytest.fixture
def shop(site, monkeypatch):
    """Twelve months at 1,000.00, paid by the year from 2026 on."""
    monkeypatch.setattr(site.db, "commit", lambda *_: None)  # closing commits before it locks
    return factories.shop(rent="1000.00", cycle="Yearly", start_date=JAN_1)


def balances(site, market):
    """Income and deferred income, in credit."""
    found = {"Income": D(0), "Deferred Income": D(0)}
    fields = ["debit_account", "credit_account", "amount"]
    for entry in site.get_all("Account Entry", {"market": market}, fields):
        for account, sign in ((entry.debit_account, -1), (entry.credit_account, 1)):
            if account in found:
                found[account] += sign * yuan(entry.amount)
    return found["Income"], found["Deferred Income"]


def total(site, close, account):
    row = site.db.get_value("Month Close Total", {"parent": close, "account": account}, ["debit", "credit"])
    return tuple(map(yuan, row))


def test_a_year_s_rent_is_the_income_of_twelve_months(site, shop):
    fee = factories.rent_bill(shop, "2026-01", JAN_1)
    assert balances(site, shop.market) == (D("1000.00"), D("11000.00"))
    close = closing.close(shop.market, "2026-01", "Administrator", datetime(2026, 2, 3, 9))
    assert total(site, close, "Income") == (D("0.00"), D("1000.00"))
    assert total(site, close, "Deferred Income") == (D("1000.00"), D("12000.00"))
    close = closing.close(shop.market, "2026-02", "Administrator", datetime(2026, 3, 3, 9))
    assert total(site, close, "Income") == (D("0.00"), D("1000.00"))
    assert yuan(site.db.get_value("Fee", fee, "deferred")) == D("10000.00")
    deferral.recognise(shop.market, date(2026, 12, 31))
    assert balances(site, shop.market) == (D("12000.00"), D("0.00"))
    assert ledger.check(shop.market) == []


def test_the_nightly_job_recognises_what_was_over_the_day_before(site, shop, monkeypatch):
    factories.rent_bill(shop, "2026-01", JAN_1)
    for today, income in ((date(2026, 2, 28), "1000.00"), (date(2026, 3, 1), "2000.00")):
        monkeypatch.setattr("cn_connect.clock.today", lambda day=today: day)
        for _again in range(2):
            tasks.recognise_income()
        assert balances(site, shop.market)[0] == D(income)


def test_a_market_may_take_it_as_income_at_once(site, shop):
    site.db.set_value("Market", shop.market, "defer_income", 0)
    factories.rent_bill(shop, "2026-01", JAN_1)
    assert balances(site, shop.market) == (D("12000.00"), D("0.00"))
    # and what was billed so stays so
    site.db.set_value("Market", shop.market, "defer_income", 1)
    assert deferral.recognise(shop.market, date(2026, 12, 31)) == 0
    assert ledger.check(shop.market) == []


def test_drafts_of_before_lines_said_their_month_are_charged_as_they_were(site, shop):
    names = billing.generate(shop.market, "2026-01", JAN_1).created
    site.db.sql("UPDATE `tabFee Line` SET month = NULL WHERE parent IN %s", (tuple(names),))
    factories.publish(shop.market, "2026-01", JAN_1, names)
    assert balances(site, shop.market) == (D("12000.00"), D("0.00"))


def test_a_termination_takes_back_what_is_and_what_is_not_yet_income(site, shop):
    factories.rent_bill(shop, "2026-01", JAN_1)
    deferral.recognise(shop.market, date(2026, 3, 31))
    # given up on 15 March: 1000 + 1000 + 1000 × 15 ÷ 31
    lease_changes.terminate(shop.lease, date(2026, 3, 15), "歇业", datetime(2026, 4, 1, 9))
    assert balances(site, shop.market) == (D("0.00"), D("0.00"))
    factories.publish(shop.market, "2026-01", date(2026, 4, 1))
    assert balances(site, shop.market) == (D("2483.87"), D("0.00"))
    assert ledger.check(shop.market) == []


def test_a_waiver_or_a_payment_changes_nothing_about_when_it_is_income(site, shop):
    fee = factories.rent_bill(shop, "2026-01", JAN_1)
    factories.collect(shop.merchant, [fee], "Cash", D("12000.00"), "Administrator", datetime(2026, 1, 5, 9))
    assert site.db.get_value("Fee", fee, "status") == "Paid"
    assert deferral.recognise(shop.market, date(2026, 2, 28)) == 1
    ledger.rebuild_caches(shop.market, date(2026, 3, 1))
    assert ledger.check(shop.market) == []


def test_a_month_closed_without_its_income_is_found(site, shop):
    factories.rent_bill(shop, "2026-01", JAN_1)
    site.db.set_value("Market", shop.market, "closed_through", date(2026, 2, 28))
    [found] = ledger.check(shop.market)
    assert (found.rule, found.detail) == ("income is recognised in its month", "2026-02")
    # what is recognised afterwards is booked on the first open day, and counts
    deferral.recognise(shop.market, date(2026, 2, 28))
    entry = {"market": shop.market, "entry_type": "Recognition", "remark": "2026-02"}
    booked = site.db.get_value("Account Entry", entry, ["posting_date", "value_date"])
    assert booked == (date(2026, 3, 1), date(2026, 2, 28))
    assert ledger.check(shop.market) == []


def test_a_cache_of_deferred_income_that_is_wrong_is_found(site, shop):
    fee = factories.rent_bill(shop, "2026-01", JAN_1)
    site.db.set_value("Fee", fee, "deferred", 1)
    assert [violation.rule for violation in ledger.check(shop.market)] == ["cache = ledger"]
    ledger.rebuild_caches(shop.market, JAN_1)
    assert ledger.check(shop.market) == []
