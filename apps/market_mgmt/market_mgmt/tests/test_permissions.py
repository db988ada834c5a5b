"""Staff see their markets, merchants no document at all."""

from datetime import datetime

import pytest

from market_mgmt import permissions
from market_mgmt.tests import factories, people

NOV_1 = datetime(2026, 11, 1, 9)
# What a market's month leaves behind; every one carries the market or is it.
SEEN = ("Market", "Market Area", "Stall", "Merchant", "Lease", "Fee", "Late Fee Rule", "Account Entry")


@pytest.fixture
def shops(site):
    """A billed shop in each of two markets."""
    here, there = factories.shop(), factories.shop()
    for shop in (here, there):
        factories.rent_bill(shop)
    return here, there


@pytest.fixture
def acting(site):
    """Acts as a user until the test ends."""
    yield site.set_user
    site.set_user("Administrator")


def markets_listed(site, doctype):
    column = "name" if doctype == "Market" else "market"
    return set(site.get_list(doctype, pluck=column, limit=0))


@pytest.mark.parametrize("doctype", SEEN)
def test_finance_sees_its_market_only(site, shops, acting, doctype):
    here, _there = shops
    acting(people.staff_user("Market Finance", markets=(here.market,)))
    assert markets_listed(site, doctype) == {here.market}


def test_a_document_of_another_market_cannot_be_opened(site, shops, acting):
    here, there = shops
    acting(people.staff_user("Market Clerk", markets=(here.market,)))
    site.get_doc("Merchant", here.merchant).check_permission("write")
    for doctype, name in (("Merchant", there.merchant), ("Lease", there.lease), ("Market", there.market)):
        with pytest.raises(site.PermissionError):
            site.get_doc(doctype, name).check_permission("read")


def test_nothing_can_be_created_in_another_market(site, shops, acting):
    here, there = shops
    acting(people.staff_user("Market Clerk", markets=(here.market,)))
    site.get_doc({"doctype": "Merchant", "market": here.market, "merchant_name": "新商户"}).insert()
    with pytest.raises(site.PermissionError):
        site.get_doc({"doctype": "Merchant", "market": there.market, "merchant_name": "新商户"}).insert()


@pytest.mark.parametrize("doctype", SEEN)
def test_staff_without_a_market_see_nothing(site, shops, acting, doctype):
    acting(people.staff_user("Market Leader"))
    assert markets_listed(site, doctype) == set()


def test_an_administrator_without_limits_sees_every_market(site, shops, acting):
    acting(people.staff_user("Market Administrator"))
    assert {shop.market for shop in shops} <= markets_listed(site, "Stall")


def test_an_administrator_of_one_market_is_limited_to_it(site, shops, acting):
    here, _there = shops
    acting(people.staff_user("Market Administrator", markets=(here.market,)))
    assert markets_listed(site, "Stall") == {here.market}


@pytest.mark.parametrize("doctype", [*SEEN, "Red Card", "Dunning Notice", "Stall Binding", "Privacy Consent"])
def test_merchants_have_no_document_at_all(site, shops, acting, doctype):
    here, _there = shops
    user, _openid = people.tenant(here, NOV_1)
    acting(user)
    assert not site.has_permission(doctype, "read", user=user)
    with pytest.raises(site.PermissionError):
        site.get_list(doctype, limit=1)


def test_the_hook_holds_even_where_a_role_would_allow(site, shops):
    here, _there = shops
    user, _openid = people.tenant(here, NOV_1)
    assert permissions.query_conditions(user, "Stall") == "1=0"
    assert permissions.has_permission(site.get_doc("Stall", here.stall), "read", user) is False


def test_encrypted_columns_are_shown_to_nobody(site, shops, acting):
    here, _there = shops
    phone = people.set_phone(here)
    acting(people.staff_user("Market Administrator", markets=(here.market,)))
    doc = site.get_doc("Merchant", here.merchant)
    doc.apply_fieldlevel_read_permissions()
    shown = doc.as_dict()
    assert shown.phone == f"138****{phone[-4:]}"
    assert not shown.get("phone_cipher")
    assert not shown.get("phone_hash")


def test_saving_by_an_office_user_keeps_what_is_encrypted(site, shops, acting):
    here, _there = shops
    people.set_phone(here)
    before = site.db.get_value("Merchant", here.merchant, ["phone_cipher", "phone_hash"])
    acting(people.staff_user("Market Clerk", markets=(here.market,)))
    doc = site.get_doc("Merchant", here.merchant)
    doc.business_category = "蔬菜"
    doc.save()
    assert site.db.get_value("Merchant", here.merchant, ["phone_cipher", "phone_hash"]) == before
    doc.phone = "13900001111"
    doc.save()
    assert doc.phone == "139****1111"
    assert site.db.get_value("Merchant", here.merchant, "phone_hash") != before[1]


def test_a_staff_record_gives_the_market_and_takes_it_away(site, shops):
    here, there = shops
    user = people.staff_user("Market Clerk", markets=(here.market,))
    assert permissions.markets_of(user) == [here.market]
    moved = {"doctype": "Market Staff", "market": there.market, "staff_name": "职员", "user": user}
    site.get_doc(moved).insert()
    assert set(permissions.markets_of(user)) == {here.market, there.market}
    site.get_doc("Market Staff", {"user": user, "market": here.market}).delete()
    assert permissions.markets_of(user) == [there.market]
    site.get_doc("Market Staff", {"user": user}).delete()
    assert permissions.markets_of(user) == []


def test_markets_cannot_be_asked_about_from_outside(site, shops, acting):
    here, there = shops
    acting(people.staff_user("Market Supervisor", markets=(here.market,)))
    permissions.require_market(here.market)
    with pytest.raises(site.PermissionError):
        permissions.require_market(there.market)
