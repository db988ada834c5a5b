"""Dunning runs, reviews, payments and leases that happen at the same moment. These tests commit."""

from datetime import date, datetime

import pytest

from market_mgmt.services import ledger, red_cards
from market_mgmt.tests import factories
from market_mgmt.tests.racer import NOW


@pytest.fixture
def shop(site):
    """A shop whose rent has been due for ten days when the race starts."""
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop, on=date(2026, 10, 25))
    return shop


def owed(shop):
    (row,) = ledger.open_fees(NOW.date(), lease=shop.lease)
    return row


def test_two_runs_at_once_send_and_draft_once(site, race, shop):
    answers = race(*[("dun", {"market": shop.market})] * 3)
    assert sorted(answers) == [[0, 0], [0, 0], [1, 1]]
    assert site.db.count("Dunning Notice", {"lease": shop.lease}) == 1
    assert site.db.count("Red Card", {"lease": shop.lease}) == 1


def test_a_card_published_while_it_is_paid_does_not_stay(site, race, shop):
    # given a drafted card
    (card,) = red_cards.draft_due(shop.market, datetime(2026, 11, 10, 9))
    fee = owed(shop)
    # when it is published and paid at once
    payment = {"merchant": shop.merchant, "fee": fee.name, "amount": str(fee.total)}
    factories.at_counter(shop.market, "Administrator", NOW)
    reviewed, receipt = race(("publish_card", {"card": card}), ("collect", payment))
    # then whoever came first: it is not public, without waiting for the sweeper
    assert receipt
    assert reviewed in ("Published", "Rejected", "ValidationError")
    assert site.db.get_value("Red Card", card, "status") in ("Lifted", "Rejected")


def test_a_stall_is_let_once(site, race):
    market = factories.market()
    stall = factories.stall(market)
    bids = [{"market": market, "merchant": factories.merchant(market), "stall": stall} for _bid in range(3)]
    answers = race(*[("lease", bid) for bid in bids])
    assert sum(str(answer).startswith("LEASE-") for answer in answers) == 1
    assert site.db.count("Lease", {"stall": stall, "status": "Active"}) == 1
    assert site.db.get_value("Stall", stall, "rental_status") == "Occupied"
