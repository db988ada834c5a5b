"""What merchants see and may do: always their own, whoever asks with whatever name."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect import consents
from market_mgmt.api import merchant as api
from market_mgmt.services import payments
from market_mgmt.tests import factories, people

D = Decimal
NOW = datetime(2026, 11, 11, 10)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr("cn_connect.clock.now", lambda: NOW)
    monkeypatch.setattr("cn_connect.clock.today", NOW.date)


@pytest.fixture
def shop(site, clock):
    """A stall with an October rent of 1000 that is three days overdue, and its tenant signed in."""
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop)
    site.set_user(factories.tenant(shop))
    return shop


@pytest.fixture
def neighbour(site, shop):
    """Another tenant of the same market, with a bill and a paid order of their own."""
    site.set_user("Administrator")
    other = factories.shop(shop.market, rent="500.00")
    rent = factories.rent_bill(other)
    order = factories.order(other, [rent], NOW)
    paid = payments.settle(factories.transaction(order, NOW), NOW)
    again = factories.rent_bill(other, "2026-09", NOW.date())
    return other, again, order, paid.receipt


def sign_in(site, shop):
    site.set_user(factories.tenant(shop))


def test_the_fee_centre_shows_what_is_owed_today_and_why(site, shop):
    answer = api.fees()
    assert (answer["as_of"], answer["prepaid_balance"]) == ("2026-11-11", "0.00")
    (stall,) = answer["stalls"]
    assert (stall["stall"], stall["total_due"], stall["red_card"]) == (shop.stall, "1001.50", False)
    (fee,) = stall["fees"]
    assert fee["fee_type"] == "Rent"
    assert (fee["outstanding"], fee["late_fee"], fee["due_date"]) == ("1000.00", "1.50", "2026-11-08")
    assert (fee["days_overdue"], fee["overdue"]) == (3, True)
    assert fee["lines"][0]["amount"] == "1000.00"
    assert fee["late_fee_lines"] == ["2026-11-09 – 2026-11-11: 1000.00 × 0.0005 × 3 = 1.50"]


def test_nobody_sees_a_neighbours_fees(site, shop, neighbour):
    _, bill, _, _ = neighbour
    sign_in(site, shop)
    seen = [fee["name"] for stall in api.fees()["stalls"] for fee in stall["fees"]]
    assert bill not in seen
    assert all(name.startswith(shop.lease) for name in seen) and seen


def test_a_bill_that_cannot_be_paid_is_named_to_whom_it_belongs_and_to_nobody_else(site, shop, neighbour):
    # given a bill of one's own that has been paid, and one of a neighbour
    own, theirs = factories.rent_bill(shop, "2026-09", NOW.date()), neighbour[1]
    factories.collect(shop.merchant, [own], "Cash", D("1000.00"), "Administrator", NOW)
    number = site.db.get_value("Stall", shop.stall, "stall_no")
    sign_in(site, shop)
    # then the first is called what people call it, and of the other nothing is told
    for bill, called in ((own, f"{number} 2026-09 租金"), (theirs, theirs)):
        with pytest.raises(site.ValidationError, match=f"费用“{called}”当前不可缴纳"):
            api.pay([bill])


def test_a_new_tenant_sees_nothing_of_the_former_one(site, shop):
    # given the stall is let to somebody else
    site.set_user("Administrator")
    factories.terminate(shop.lease, date(2026, 11, 10))
    tenant = factories.merchant(shop.market)
    new = factories.lease(shop.market, tenant, shop.stall, start_date="2026-11-11")
    site.set_user(factories.tenant(factories.Shop(shop.market, shop.stall, tenant, new)))
    (stall,) = api.fees()["stalls"]
    assert stall["fees"] == []
    assert api.history()["months"] == []


def test_nothing_of_a_neighbour_can_be_named(site, shop, neighbour):
    _, bill, order, receipt = neighbour
    sign_in(site, shop)
    for attempt in (
        lambda: api.pay([bill]),
        lambda: api.payment(order),
        lambda: api.cancel_payment(order),
        lambda: api.receipt_pdf(receipt),
        lambda: api.receipt_pdf("NO-SUCH"),
    ):
        with pytest.raises((site.DoesNotExistError, site.ValidationError)):
            attempt()
    assert api.receipts()["receipts"] == []
    assert api.history()["months"][0]["payments"] == []


def test_one_payment_has_one_payee(site, shop):
    # given an account that acts for merchants of two markets
    user = site.session.user
    site.set_user("Administrator")
    elsewhere = factories.shop(rent="200.00")
    there = factories.rent_bill(elsewhere)
    factories.tenant(elsewhere, user=user)
    site.set_user(user)
    stalls = api.fees()["stalls"]
    assert [stall["total_due"] for stall in stalls] == ["1001.50", "200.30"]
    with pytest.raises(site.ValidationError):
        api.pay([stalls[0]["fees"][0]["name"], there])


def test_without_the_role_there_is_nothing(site, shop):
    site.set_user("Guest")
    with pytest.raises(site.AuthenticationError):
        api.fees()


def test_history_folds_bills_by_month_with_payments_and_receipts(site, shop):
    # given October paid in November at the counter
    site.set_user("Administrator")
    (fee,) = [row.name for row in payments.ledger.open_fees(NOW.date(), merchant=shop.merchant)]
    taken = factories.collect(shop.merchant, [fee], "Cash", D("1001.50"), "Administrator", NOW)
    sign_in(site, shop)
    # then
    november, october = api.history()["months"]
    assert (october["period"], october["amount"], october["paid"]) == ("2026-10", "1000.00", "1000.00")
    assert october["bills"][0]["status"] == "Paid"
    (payment,) = november["payments"]
    assert (payment["amount"], payment["receipt"]) == ("1001.50", taken.receipt)
    assert api.history(year=2025)["months"] == []
    assert [row["name"] for row in api.receipts()["receipts"]] == [taken.receipt]


def test_a_receipt_is_made_once_and_kept(site, shop):
    site.set_user("Administrator")
    receipt = factories.collect(shop.merchant, [], "Cash", D("1001.50"), "Administrator", NOW).receipt
    sign_in(site, shop)
    api.receipt_pdf(receipt)
    first = site.local.response.filecontent
    assert (first[:5], site.local.response.filename, site.local.response.type) == (
        b"%PDF-",
        f"{receipt}.pdf",
        "pdf",
    )
    api.receipt_pdf(receipt)
    assert site.local.response.filecontent == first
    assert site.db.count("File", {"attached_to_name": receipt}) == 1


def test_pages_are_limited(site, shop):
    for start, limit in ((0, 101), (0, 0), (-1, 10)):
        with pytest.raises(site.ValidationError):
            api.receipts(start, limit)
        with pytest.raises(site.ValidationError):
            api.history(start, limit)


@pytest.fixture
def templates(site, monkeypatch):
    monkeypatch.setitem(site.conf, "dunning_templates", {"WeChat": {"due": "tpl-due"}})


@pytest.fixture
def signed_in(site, clock):
    """(user, openid) of a tenant who signed in by WeChat."""
    user, openid = people.tenant(factories.shop(), NOW)
    site.set_user(user)
    return user, openid


def test_an_accepted_template_is_one_message_more(site, templates, signed_in):
    assert api.consent_templates() == {"due": "tpl-due"}
    assert api.record_consent(templates=["tpl-due"]) == {"recorded": 1}
    assert consents.available(signed_in[1], "tpl-due") == 1


def test_a_template_of_somebody_else_is_refused(site, templates, signed_in):
    with pytest.raises(site.ValidationError):
        api.record_consent(templates=["tpl-foreign"])
    assert consents.available(signed_in[1], "tpl-foreign") == 0
