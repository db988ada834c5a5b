"""Red cards from the draft to the lifting."""

from datetime import date, datetime

import pytest

from market_mgmt.services import ledger, red_cards
from market_mgmt.tests import factories

SUPERVISOR = "Administrator"


def on(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour)


@pytest.fixture
def shop(site):
    shop = factories.shop()
    factories.rent_bill(shop)
    return shop


@pytest.fixture
def draft(site, shop):
    (name,) = red_cards.draft_due(shop.market, on(15))
    return name


def pay(shop, now, amount=None):
    rows = ledger.open_fees(now.date(), merchant=shop.merchant)
    total = amount or sum(row.total for row in rows)
    factories.collect(shop.merchant, [row.name for row in rows], "Cash", total, "Administrator", now)


def card(site, name):
    return site.get_doc("Red Card", name)


def test_a_week_of_arrears_drafts_one_card(site, shop):
    assert red_cards.draft_due(shop.market, on(14)) == []
    (name,) = red_cards.draft_due(shop.market, on(15))
    assert red_cards.draft_due(shop.market, on(16)) == []
    doc = card(site, name)
    assert (doc.status, doc.overdue_since, doc.drafted_at) == ("Drafted", date(2026, 11, 8), on(15))
    # 3000 and seven days of 0.05 %
    assert doc.amount_at_draft == 3010.5


def test_a_supervisor_publishes(site, shop, draft):
    doc = red_cards.review(draft, True, None, SUPERVISOR, on(16))
    assert (doc.status, doc.reviewed_by, doc.published_at) == ("Published", SUPERVISOR, on(16))
    assert red_cards.published_leases([shop.lease]) == {shop.lease}
    # and the merchant is told
    assert site.db.exists("Dunning Notice", {"lease": shop.lease, "level": "Red Card"})


def test_a_rejection_needs_a_reason_and_stands(site, shop, draft):
    with pytest.raises(site.ValidationError):
        red_cards.review(draft, False, " ", SUPERVISOR, on(16))
    doc = red_cards.review(draft, False, "商户住院，已约定下周缴纳", SUPERVISOR, on(16))
    assert (doc.status, doc.reject_reason) == ("Rejected", "商户住院，已约定下周缴纳")
    # the same arrears draft no other card
    assert red_cards.draft_due(shop.market, on(25)) == []
    with pytest.raises(site.ValidationError):
        red_cards.review(draft, True, None, SUPERVISOR, on(17))


def test_the_next_bill_in_arrears_drafts_another_after_a_rejection(site, shop, draft):
    red_cards.review(draft, False, "先沟通", SUPERVISOR, on(16))
    factories.rent_bill(shop, "2026-11", date(2026, 12, 1))
    (name,) = red_cards.draft_due(shop.market, datetime(2026, 12, 15, 9))
    assert card(site, name).overdue_since == date(2026, 11, 8)


def test_settling_lifts_a_published_card_at_once(site, shop, draft):
    red_cards.review(draft, True, None, SUPERVISOR, on(16))
    pay(shop, on(16, 10))
    doc = card(site, draft)
    assert (doc.status, doc.lifted_at, doc.open_key) == ("Lifted", on(16, 10), None)
    assert (doc.lifted_at - doc.settled_at).total_seconds() < 60


def test_a_partial_payment_lifts_nothing(site, shop, draft):
    red_cards.review(draft, True, None, SUPERVISOR, on(16))
    pay(shop, on(16, 10), ledger.yuan("1000.00"))
    assert card(site, draft).status == "Published"
    assert red_cards.sweep(on(16, 11)) == []


def test_a_bill_not_yet_due_does_not_keep_the_card(site, shop, draft):
    red_cards.review(draft, True, None, SUPERVISOR, on(16))
    (fee,) = [row.name for row in ledger.open_fees(date(2026, 11, 16), lease=shop.lease)]
    owed = ledger.open_fees(date(2026, 11, 20), names=[fee])[0].total
    # given the November bill is out, due in December
    factories.rent_bill(shop, "2026-11", date(2026, 11, 20))
    factories.collect(shop.merchant, [fee], "Cash", owed, "Administrator", on(20))
    assert card(site, draft).status == "Lifted"


def test_settling_before_the_review_drops_the_draft(site, shop, draft):
    pay(shop, on(15, 10))
    assert card(site, draft).status == "Rejected"
    with pytest.raises(site.ValidationError):
        red_cards.review(draft, True, None, SUPERVISOR, on(16))


def test_the_sweeper_lifts_what_a_settlement_missed(site, shop, draft, monkeypatch):
    red_cards.review(draft, True, None, SUPERVISOR, on(16))
    with monkeypatch.context() as broken:
        broken.setattr(red_cards, "lift_if_settled", lambda lease, now: [])
        pay(shop, on(16, 10))
    assert card(site, draft).status == "Published"
    assert draft in red_cards.sweep(on(16, 11))
    assert card(site, draft).status == "Lifted"
    assert site.db.exists("Error Log", {"method": ("like", "%sweeper%")})


def test_a_card_cannot_be_moved_by_hand(site, shop, draft):
    doc = card(site, draft)
    doc.status = "Lifted"
    with pytest.raises(site.ValidationError):
        doc.save(ignore_permissions=True)
