"""Markets, stalls, merchants and leases as the office keeps them."""

from datetime import date, datetime

import pytest

from market_mgmt.services import bindings, labels, leases, places
from market_mgmt.tests import factories, people

NOV_1 = datetime(2026, 11, 1, 9)


def test_a_new_market_has_a_late_fee_rule(site):
    market = factories.market()
    rules = site.get_all(
        "Late Fee Rule", {"market": market}, ["start_after_days", "daily_rate", "cap_share", "effective_from"]
    )
    assert rules == [
        {
            "start_after_days": 7,
            "daily_rate": 0.0005,
            "cap_share": 0.2,
            "effective_from": places.FIRST_RULE_FROM,
        }
    ]


@pytest.mark.parametrize("code", ["", "market-1", "市场", "a" * 13])
def test_a_market_code_must_fit_into_order_numbers(site, code):
    with pytest.raises(site.ValidationError):
        factories.market(code=code or " ")


def test_names_are_made_of_market_and_number(site):
    market = factories.market()
    assert factories.area(market, "B") == f"{market}-B"
    stall = site.get_doc("Stall", factories.stall(market, "B-07", area=f"{market}-B"))
    assert (stall.name, stall.floor, stall.rental_status) == (f"{market}-B-07", "1", "Vacant")


def test_stall_numbers_are_unique_in_their_market_only(site):
    here, there = factories.market(), factories.market()
    factories.stall(here, "A01")
    factories.stall(there, "A01")
    with pytest.raises(site.DuplicateEntryError):
        factories.stall(here, "A01")


def test_a_stall_cannot_lie_in_another_markets_area(site):
    here, there = factories.market(), factories.market()
    with pytest.raises(site.ValidationError, match=there):
        factories.stall(here, area=factories.area(there))


def test_renewing_the_qr_code_ends_the_old_one(site):
    shop = factories.shop()
    old = site.db.get_value("Stall", shop.stall, "qr_token")
    new = places.renew_qr_token(shop.stall)
    assert bindings.stall_of_token(old) is None
    assert bindings.stall_of_token(new) == shop.stall
    assert len(new) <= 32
    assert set(new) <= set("0123456789abcdef")


def test_phone_and_id_number_are_masked_and_encrypted(site):
    shop = factories.shop()
    merchant = site.get_doc("Merchant", shop.merchant)
    merchant.update({"phone": "13812345678", "id_number": "460000199001011234"})
    merchant.save()
    row = site.db.get_value("Merchant", shop.merchant, ["phone", "phone_cipher", "id_number"], as_dict=True)
    assert (row.phone, row.id_number) == ("138****5678", "4600**********1234")
    assert "13812345678" not in row.phone_cipher


def test_a_dunning_block_needs_a_reason(site):
    merchant = site.get_doc("Merchant", factories.shop().merchant)
    merchant.dunning_blocked = 1
    with pytest.raises(site.ValidationError):
        merchant.save()


def lease(site, shop, start, end, **values):
    return site.get_doc(
        {
            "doctype": "Lease",
            "market": shop.market,
            "merchant": shop.merchant,
            "stall": shop.stall,
            "start_date": start,
            "end_date": end,
            "monthly_rent": 100,
            "status": "Active",
            **values,
        }
    )


def vacant_shop():
    market = factories.market()
    return factories.Shop(market, factories.stall(market), factories.merchant(market), "")


def test_two_active_leases_cannot_share_a_day(site):
    shop = vacant_shop()
    lease(site, shop, "2026-01-01", "2026-12-31").insert()
    with pytest.raises(site.ValidationError, match=labels.stall(shop.stall)):
        lease(site, shop, "2026-12-31", "2027-12-30").insert()
    # the renewal from the next day on, and a draft of anything, are fine
    lease(site, shop, "2027-01-01", "2027-12-31").insert()
    lease(site, shop, "2026-06-01", "2026-07-31", status="Draft").insert()


def test_a_draft_that_overlaps_cannot_become_active(site):
    shop = vacant_shop()
    lease(site, shop, "2026-01-01", "2026-12-31").insert()
    draft = lease(site, shop, "2026-06-01", "2027-05-31", status="Draft").insert()
    draft.status = "Active"
    with pytest.raises(site.ValidationError):
        draft.save()


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"end_date": "2025-12-31"}, "ends before it starts"),
        ({"end_date": "9999-12-31"}, "has no end"),
        ({"start_date": "0026-01-01"}, "begins in another age"),
        ({"status": "Ended"}, "is over before it was there"),
        ({"status": "Terminated"}, "no day of termination"),
        ({"status": "Terminated", "terminated_on": "2026-10-31"}, "terminated by hand"),
        ({"terminated_on": "2026-10-31"}, "runs, but to an earlier day"),
        ({"withdrawn_on": "2025-10-31"}, "withdrawn by hand"),
    ],
)
def test_what_a_lease_must_not_say(site, values, what):
    shop = vacant_shop()
    with pytest.raises(site.ValidationError):
        lease(site, shop, "2026-01-01", "2026-12-31", **values).insert()


def test_an_ended_lease_stays_ended(site):
    shop = factories.shop()
    factories.terminate(shop.lease, date(2026, 10, 31))
    doc = site.get_doc("Lease", shop.lease)
    doc.status = "Active"
    with pytest.raises(site.ValidationError):
        doc.save()


@pytest.mark.parametrize(
    "values",
    [
        {"status": "Ended"},
        {"status": "Terminated", "terminated_on": "2026-10-31"},
        {"withdrawn_on": "2026-10-31"},
    ],
)
def test_a_lease_does_not_end_by_filling_in_fields(site, values):
    shop = factories.shop()
    doc = site.get_doc("Lease", shop.lease)
    doc.update(values)
    with pytest.raises(site.ValidationError):
        doc.save()


def test_no_lease_is_made_the_renewal_of_another_by_hand(site):
    shop = factories.shop(end_date=date(2026, 12, 31))
    with pytest.raises(site.ValidationError):
        lease(site, shop, "2027-01-01", "2027-12-31", renewed_from=shop.lease).insert()
    other = lease(site, shop, "2027-01-01", "2027-12-31").insert()
    other.renewed_from = shop.lease
    with pytest.raises(site.ValidationError):
        other.save()


@pytest.mark.parametrize("values", [{"end_date": "2027-12-31"}, {"start_date": "2025-02-01"}])
def test_the_days_of_a_lease_that_is_over_stay(site, values):
    # given a lease that has ended: with another end it would bill again
    shop = factories.shop(end_date=date(2026, 10, 31))
    leases.end_expired(date(2026, 11, 1))
    doc = site.get_doc("Lease", shop.lease)
    doc.update(values)
    with pytest.raises(site.ValidationError):
        doc.save()


def test_leases_of_before_these_limits_still_end(site):
    shop = factories.shop()
    site.db.set_value("Lease", shop.lease, {"start_date": "1900-01-01", "end_date": "2026-10-31"})
    assert shop.lease in leases.end_expired(date(2026, 11, 1))


def test_the_end_of_a_lease_frees_the_stall_and_ends_the_bindings(site):
    # given a tenant with a binding
    shop = factories.shop()
    user, _openid = people.tenant(shop, NOV_1)
    assert site.db.get_value("Stall", shop.stall, "rental_status") == "Occupied"
    # when the last day has passed
    end = site.utils.getdate(site.db.get_value("Lease", shop.lease, "end_date"))
    assert leases.end_expired(end) == []
    assert shop.lease in leases.end_expired(date(end.year + 1, 1, 1))
    # then the account sees nothing any more
    assert bindings.current_merchants(user) == []
    binding = site.get_all("Stall Binding", {"user": user}, ["revoked", "open_key"])
    assert binding == [{"revoked": 1, "open_key": None}]
