"""Dunning by the office through the API."""

from datetime import date, datetime

import pytest

from cn_connect import clock
from market_mgmt.api import staff
from market_mgmt.services import red_cards
from market_mgmt.tests import factories, people


@pytest.fixture
def shop(site, monkeypatch):
    """A shop whose October rent has been due for a week; it is 15 November."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 15, 9))
    shop = factories.shop()
    factories.rent_bill(shop)
    yield shop
    site.set_user("Administrator")


def test_a_supervisor_runs_dunning_and_publishes_the_card(site, shop):
    site.set_user(people.staff_user("Market Supervisor", markets=(shop.market,)))
    answer = staff.run_dunning(shop.market)
    assert (answer["as_of"], len(answer["red_cards"])) == ("2026-11-15", 1)
    reviewed = staff.review_red_card(answer["red_cards"][0], True)
    assert reviewed["status"] == "Published"


def test_an_earlier_day_may_be_given(site, shop):
    site.set_user(people.staff_user("Market Finance", markets=(shop.market,)))
    answer = staff.run_dunning(shop.market, date(2026, 11, 5))
    assert answer["sent"] == {"Before Due": {"In-App": 1}}


def test_a_future_day_is_for_test_sites_only(site, shop, monkeypatch):
    monkeypatch.setitem(site.conf, "allow_tests", 0)
    with pytest.raises(site.ValidationError):
        staff.run_dunning(shop.market, date(2026, 11, 16))


def test_another_markets_dunning_and_cards_are_out_of_reach(site, shop):
    (card,) = red_cards.draft_due(shop.market, clock.now())
    site.set_user(people.staff_user("Market Supervisor", markets=(factories.market(),)))
    with pytest.raises(site.PermissionError):
        staff.run_dunning(shop.market)
    with pytest.raises(site.PermissionError):
        staff.review_red_card(card, True)


@pytest.mark.parametrize("role", ["Market Clerk", "Market Cashier", "Market Leader", "Market Finance"])
def test_only_supervisors_review(site, shop, role):
    (card,) = red_cards.draft_due(shop.market, clock.now())
    site.set_user(people.staff_user(role, markets=(shop.market,)))
    with pytest.raises(site.PermissionError):
        staff.review_red_card(card, True)
