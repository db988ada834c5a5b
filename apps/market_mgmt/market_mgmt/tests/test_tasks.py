"""Scheduled jobs call their service for every market; what they find is heard of."""

from market_mgmt import tasks
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
