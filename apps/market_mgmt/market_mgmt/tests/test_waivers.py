"""Scenarios: a waiver is asked for by one person and approved by another, and acts from that day on."""

from datetime import datetime
from decimal import Decimal

import pytest

from market_mgmt.api import staff as api
from market_mgmt.patches import waivers_of_reversed_bills_are_void as patch
from market_mgmt.services import billing, ledger
from market_mgmt.tests import factories

D = Decimal
# Three days of late fee: 1.50
NOV_11 = datetime(2026, 11, 11, 10)


@pytest.fixture
def shop(site, monkeypatch):
    monkeypatch.setattr("cn_connect.clock.now", lambda: NOV_11)
    monkeypatch.setattr("cn_connect.clock.today", NOV_11.date)
    return factories.shop(rent="1000.00")


@pytest.fixture
def people(site, shop):
    return {role: factories.staff(shop.market, f"Market {role}") for role in ("Finance", "Supervisor")}


@pytest.fixture
def ask(site, rent, people):
    def asked(part, amount):
        site.set_user(people["Finance"])
        return api.request_waiver(rent, part, D(amount), "疫情减免")["name"]

    return asked


@pytest.fixture
def approve(site, people):
    def approved(name, yes=True):
        site.set_user(people["Supervisor"])
        status = api.review_waiver(name, yes, "市场会议决定")["status"]
        site.set_user("Administrator")
        return status

    return approved


def test_a_rejected_waiver_changes_nothing(site, shop, rent, ask, approve):
    name = ask("Principal", "400.00")
    assert approve(name, yes=False) == "Rejected"
    assert ledger.fee_balance(rent)[0] == D("1000.00")
    assert site.db.get_value("Fee Waiver", name, "decision_note") == "市场会议决定"


def test_who_asks_does_not_approve(site, shop, rent, ask, people):
    name = ask("Principal", "400.00")
    site.set_user("Administrator")
    site.get_doc("User", people["Finance"]).add_roles("Market Supervisor")
    site.set_user(people["Finance"])
    with pytest.raises((site.PermissionError, site.ValidationError)):
        api.review_waiver(name, True)
    assert ledger.fee_balance(rent)[0] == D("1000.00")


def test_nobody_approves_by_writing_the_status(site, shop, rent, ask, people):
    waiver = site.get_doc("Fee Waiver", ask("Principal", "400.00"))
    waiver.status = "Approved"
    with pytest.raises((site.PermissionError, site.ValidationError)):
        waiver.save()
    assert ledger.fee_balance(rent)[0] == D("1000.00")


def test_a_waiver_is_decided_once(site, shop, rent, ask, approve):
    name = ask("Principal", "400.00")
    approve(name)
    with pytest.raises(site.PermissionError):
        approve(name, yes=False)


@pytest.mark.parametrize(
    ("part", "amount"), [("Principal", "1000.01"), ("Late Fee", "1.51"), ("Principal", "0")]
)
def test_no_more_is_waived_than_is_owed(site, rent, ask, part, amount):
    with pytest.raises(site.ValidationError):
        ask(part, amount)


def test_what_was_paid_since_the_request_is_not_waived(site, shop, rent, ask, approve):
    name = ask("Principal", "400.00")
    site.set_user("Administrator")
    factories.collect(shop.merchant, [rent], "Cash", D("1001.50"), "Administrator", NOV_11)
    with pytest.raises(site.ValidationError):
        approve(name)


def test_a_bill_that_is_issued_again_keeps_who_asked_and_who_approved(site, shop, rent, ask, approve, people):
    # given a waiver of 400, and its bill reversed
    name = ask("Principal", "400.00")
    approve(name)
    billing.reverse(rent, "错账", NOV_11)
    assert site.db.get_value("Fee Waiver", name, "status") == "Void"
    # when the bill is issued again
    again = factories.rent_bill(shop, on=NOV_11.date())
    # then the waiver stands on it, and says where it comes from
    (carried,) = site.get_all("Fee Waiver", {"status": "Approved", "market": shop.market}, ["*"])
    assert (carried.fee != rent, carried.carried_from) == (True, name)
    assert (carried.requested_by, carried.decided_by) == (people["Finance"], people["Supervisor"])
    assert ledger.fee_balance(carried.fee)[0] == D("600.00")
    assert again
    assert ledger.check(shop.market) == []


def test_a_void_waiver_is_not_approved_any_more(site, shop, rent, ask, approve):
    name = ask("Principal", "400.00")
    billing.reverse(rent, "错账", NOV_11)
    with pytest.raises(site.PermissionError, match="作废"):
        approve(name)
    assert site.db.get_value("Fee Waiver", name, "status") == "Void"


def test_waivers_of_bills_reversed_long_ago_become_void(site, shop, rent, ask, approve):
    name = ask("Principal", "400.00")
    approve(name)
    billing.reverse(rent, "错账", NOV_11)
    site.db.set_value("Fee Waiver", name, "status", "Approved")  # as it was left before
    patch.execute()
    assert site.db.get_value("Fee Waiver", name, "status") == "Void"


# -- approved by mistake -------------------------------------------------------------------------------------------


@pytest.fixture
def other_supervisor(shop):
    return factories.staff(shop.market, "Market Supervisor")


def test_a_waiver_approved_by_mistake_has_a_way_back(site, shop, rent, ask, approve, other_supervisor):
    # given 900 waived instead of 90
    name = ask("Principal", "900.00")
    approve(name)
    assert ledger.fee_balance(rent)[0] == D("100.00")
    # when another supervisor takes it back
    site.set_user(other_supervisor)
    assert api.reverse_waiver(name, "多减了一个零") == {"name": name, "status": "Reversed"}
    # then all is owed again, by a reversal in the books, and who did it is written down
    site.set_user("Administrator")
    assert ledger.fee_balance(rent)[0] == D("1000.00")
    stored = site.db.get_value("Fee Waiver", name, ["reversed_by", "reversed_at", "reversal_reason"])
    assert stored == (other_supervisor, NOV_11, "多减了一个零")
    assert ledger.check(shop.market) == []
    # and the right amount can be waived
    approve(ask("Principal", "90.00"))
    assert ledger.fee_balance(rent)[0] == D("910.00")
    assert ledger.check(shop.market) == []


def test_a_waived_late_fee_is_owed_again(site, shop, rent, ask, approve, other_supervisor):
    name = ask("Late Fee", "1.50")
    approve(name)
    site.set_user(other_supervisor)
    api.reverse_waiver(name, "误批")
    assert ledger.fee_balance(rent) == (D("1000.00"), D("1.50"))
    assert ledger.check(shop.market) == []


def test_who_approved_does_not_take_back(site, rent, ask, approve, people):
    name = ask("Principal", "400.00")
    approve(name)
    site.set_user(people["Supervisor"])
    with pytest.raises(site.PermissionError):
        api.reverse_waiver(name, "误批")
    assert ledger.fee_balance(rent)[0] == D("600.00")


def test_only_what_is_approved_is_taken_back_once(site, rent, ask, approve, other_supervisor):
    name = ask("Principal", "400.00")
    site.set_user(other_supervisor)
    with pytest.raises(site.ValidationError, match="不是已批准"):
        api.reverse_waiver(name, "误批")
    approve(name)
    site.set_user(other_supervisor)
    with pytest.raises(site.ValidationError):
        api.reverse_waiver(name, " ")
    api.reverse_waiver(name, "误批")
    with pytest.raises(site.ValidationError):
        api.reverse_waiver(name, "误批")
    assert ledger.fee_balance(rent)[0] == D("1000.00")


def test_a_reversed_waiver_is_not_carried_over_to_a_reissued_bill(
    site, shop, rent, ask, approve, other_supervisor
):
    name = ask("Principal", "400.00")
    approve(name)
    site.set_user(other_supervisor)
    api.reverse_waiver(name, "误批")
    site.set_user("Administrator")
    billing.reverse(rent, "错账", NOV_11)
    assert site.db.get_value("Fee Waiver", name, "status") == "Reversed"
    factories.bills(shop.market, "2026-10", NOV_11.date())
    assert not site.db.exists("Fee Waiver", {"market": shop.market, "status": "Approved"})
    assert ledger.check(shop.market) == []
