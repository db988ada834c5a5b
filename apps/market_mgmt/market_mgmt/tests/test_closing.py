"""A closed month never changes: what becomes known of it afterwards is booked in the next one."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import closed_months, closing, ledger, payments
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.tests import factories

D = Decimal
CLOSING = datetime(2026, 12, 3, 9)


@pytest.fixture
def closed(site, shop, rent, monkeypatch):
    monkeypatch.setattr(site.db, "commit", lambda: None)
    return closing.close(shop.market, "2026-11", "Administrator", CLOSING)


def test_closing_posts_the_late_fees_of_the_month_and_writes_down_its_totals(site, shop, rent, closed):
    # 9 to 30 November: 22 days at 0.50
    assert ledger.fee_balance(rent) == (D("1000.00"), D("11.00"))
    document = site.get_doc("Month Close", closed)
    totals = {row.account: (row.debit, row.credit) for row in document.totals}
    assert totals == {
        "Receivable": (1000.0, 0.0),
        "Income": (0.0, 1000.0),
        "Late Fee Receivable": (11.0, 0.0),
        "Late Fee Income": (0.0, 11.0),
    }
    assert document.entries == 2
    assert closed_months.closed_through(shop.market) == date(2026, 11, 30)
    assert ledger.check(shop.market) == []


def test_a_payment_that_becomes_known_late_is_booked_in_the_open_month_and_counts_from_its_day(
    site, shop, rent
):
    # given an order paid on 10 November, of which nobody heard before November was closed
    paid_at = datetime(2026, 11, 10, 8)
    order = factories.order(shop, [rent], paid_at, amount=1001.0)
    accrue_market(shop.market, date(2026, 11, 30))
    site.db.set_value("Market", shop.market, "closed_through", date(2026, 11, 30))
    # when it is heard of
    payments.settle(factories.transaction(order, paid_at), datetime(2026, 12, 5, 9))
    # then it is in December's books, and the late fees of 11 to 30 November are taken back
    entries = [e for e in ledger.entries_of_order(order) if e.entry_type in ("Payment", "Allocation")]
    assert {(e.posting_date, e.value_date) for e in entries} == {(date(2026, 12, 1), date(2026, 11, 10))}
    assert ledger.fee_balance(rent) == (D("0.00"), D("0.00"))
    assert ledger.open_fees(date(2027, 1, 1), market=shop.market) == []
    assert ledger.check(shop.market) == []


def test_months_are_closed_in_their_order(site, shop, rent):
    with pytest.raises(site.ValidationError, match="2026-11"):
        closing.close(shop.market, "2026-12", "Administrator", datetime(2027, 2, 1))


def test_a_month_is_closed_when_its_last_bills_of_the_gateway_are_there(site, shop, rent):
    with pytest.raises(site.ValidationError, match="2026-12-03"):
        closing.close(shop.market, "2026-11", "Administrator", datetime(2026, 12, 2, 23))


def test_a_ledger_with_differences_is_not_closed(site, shop, rent, monkeypatch):
    monkeypatch.setattr(site.db, "commit", lambda: None)
    site.db.set_value("Fee", rent, "amount", 999)
    with pytest.raises(site.ValidationError, match="charged once"):
        closing.close(shop.market, "2026-11", "Administrator", CLOSING)


def test_what_other_parts_have_not_finished_keeps_a_month_open(site, shop, rent, monkeypatch):
    monkeypatch.setattr(site.db, "commit", lambda: None)
    method = "market_mgmt.tests.test_closing.something_open"
    hooks = site.get_hooks

    def hooks_with_ours(hook=None, *args, **kwargs):
        return [method] if hook == "before_month_close" else hooks(hook, *args, **kwargs)

    monkeypatch.setattr(site, "get_hooks", hooks_with_ours)
    with pytest.raises(site.ValidationError, match="还有一个班次没有结束"):
        closing.close(shop.market, "2026-11", "Administrator", CLOSING)


def something_open(market, month):
    return ["还有一个班次没有结束"]


def test_a_market_without_entries_has_nothing_to_close(site):
    assert closing.next_month(factories.market()) is None


def test_people_date_nothing_into_a_closed_month(site, shop, closed):
    with pytest.raises(site.ValidationError, match="2026-11-30"):
        closed_months.require_open(shop.market, date(2026, 11, 30))
    closed_months.require_open(shop.market, date(2026, 12, 1))


def test_an_entry_that_got_into_a_closed_month_is_found(site, shop, closed):
    site.db.set_value("Month Close Total", {"parent": closed, "account": "Income"}, "credit", 999)
    assert [violation.rule for violation in ledger.check(shop.market)] == ["a closed month never changes"]


def test_nobody_opens_a_closed_month_by_hand(site, shop, closed):
    document = site.get_doc("Month Close", closed)
    for change in (document.save, lambda: site.delete_doc("Month Close", closed, force=True)):
        with pytest.raises(site.PermissionError):
            change()
    market = site.get_doc("Market", shop.market)
    market.closed_through = None
    with pytest.raises(site.PermissionError):
        market.save(ignore_permissions=True)
