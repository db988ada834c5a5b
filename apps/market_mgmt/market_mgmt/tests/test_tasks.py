"""Scheduled jobs call their service for every market; what they find is heard of."""

from datetime import date

import pytest

from market_mgmt import tasks
from market_mgmt.services import readings
from market_mgmt.tests import factories


def _alarms(site, market: str) -> list[str]:
    title = f"Ledger of market {market}%"
    return site.get_all("Error Log", filters={"method": ("like", title)}, pluck="error")


def test_the_nightly_check_raises_an_alarm_for_a_wrong_figure(site):
    # given a bill whose kept figure somebody changed in the database
    shop = factories.shop(rent="1000.00")
    fee = factories.rent_bill(shop)
    site.db.set_value("Fee", fee, "outstanding", 1)
    # when the night's check runs
    tasks.check_ledgers()
    # then the bill is named
    assert [fee in alarm for alarm in _alarms(site, shop.market)] == [True]


def test_the_nightly_check_is_silent_about_a_ledger_in_order(site):
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop)
    tasks.check_ledgers()
    assert _alarms(site, shop.market) == []


@pytest.fixture
def november(monkeypatch):
    monkeypatch.setattr("cn_connect.clock.today", lambda: date(2026, 11, 2))


def drafts(site, shop):
    return site.db.count("Fee", {"market": shop.market, "period": "2026-10", "status": "Draft"})


def test_the_night_drafts_last_month_once_its_readings_are_in(site, november):
    shop = factories.shop(rent="1000.00")
    factories.tariff(shop.market, "Water", "2.00")
    meter = factories.meter(shop)
    tasks.draft_bills()
    assert drafts(site, shop) == 0
    factories.reading(meter, "2026-10", "10")
    tasks.draft_bills()
    tasks.draft_bills()
    assert drafts(site, shop) == 2


def test_a_reading_that_waits_for_a_clerk_holds_the_drafts_back(site, november):
    shop = factories.shop(rent="1000.00")
    factories.reading(factories.meter(shop), "2026-10", "10")
    held = factories.reading(factories.meter(shop), "2026-10", "0").held[0][0]
    tasks.draft_bills()
    assert drafts(site, shop) == 0
    readings.confirm([held], "Administrator")
    tasks.draft_bills()
    assert drafts(site, shop) == 1
