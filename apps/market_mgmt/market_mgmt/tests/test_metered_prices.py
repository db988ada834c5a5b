"""Scenarios: what was used is paid at the price of the days on which it was used, by the lease that used it."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt.services import billing, lease_changes, leases, meter_changes
from market_mgmt.tests import factories

D = Decimal
JULY_1 = date(2026, 7, 1)
JUNE_20 = date(2026, 6, 20)


@pytest.fixture
def market(site):
    """Water at 1.00, from 20 June at 1.50."""
    market = factories.market()
    factories.tariff(market, "Water", "1.00")
    factories.tariff(market, "Water", "1.50", JUNE_20)
    return market


def water(site, market, period="2026-06", on=JULY_1):
    """The amounts by lease."""
    billing.generate(market, period, on)
    fees = {"market": market, "period": period, "fee_type": "Water", "status": "Draft"}
    return {row.lease: yuan(row.amount) for row in site.get_all("Fee", fees, ["lease", "amount"])}


def test_a_reading_before_the_rise_is_paid_at_the_old_price_and_the_next_begins_the_day_after(site, market):
    shop = factories.shop(market)
    meter = factories.meter(shop)
    factories.reading(meter, "2026-06", "100", date(2026, 6, 14))
    # the 15th of June to the 14th of July: five days of the old price, 25 of the new
    factories.reading(meter, "2026-07", "130", date(2026, 7, 14))
    assert water(site, market) == {shop.lease: D("100.00")}
    assert water(site, market, "2026-07", date(2026, 8, 1)) == {shop.lease: D("42.50")}


def test_what_was_not_read_for_months_is_paid_at_the_prices_of_these_months(site, market):
    shop = factories.shop(market)
    meter = factories.meter(shop)
    factories.reading(meter, "2026-03", "10", date(2026, 3, 31))
    # 1 April to 8 September: 80 days until 19 June, 81 from then on
    factories.reading(meter, "2026-09", "171", date(2026, 9, 8))
    assert water(site, market, "2026-09", date(2026, 10, 1)) == {shop.lease: D("201.50")}


def test_a_tenant_pays_the_prices_of_the_own_days(site, market):
    # given a stall that changes hands on the day of the rise, read in the morning
    leaving = factories.shop(market, end_date=date(2026, 6, 19))
    coming = factories.lease(market, factories.merchant(market), leaving.stall, start_date=JUNE_20)
    meter = factories.meter(leaving)
    meter_changes.read_at_handover(meter, D(60), JUNE_20, JUNE_20)
    factories.reading(meter, "2026-06", "100", date(2026, 6, 30))
    assert water(site, market) == {leaving.lease: D("60.00"), coming: D("60.00")}


def test_days_before_the_first_price_have_the_first_price(site):
    shop = factories.shop()
    factories.tariff(shop.market, "Water", "2.00", JUNE_20)
    factories.reading(factories.meter(shop), "2026-06", "10", date(2026, 6, 30))
    assert water(site, shop.market) == {shop.lease: D("20.00")}


def test_who_left_before_there_was_any_price_is_not_billed(site):
    shop = factories.shop(end_date=date(2026, 6, 10))
    factories.tariff(shop.market, "Water", "2.00", JUNE_20)
    meter_changes.read_at_handover(factories.meter(shop), D(10), date(2026, 6, 10), date(2026, 6, 10))
    run = billing.generate(shop.market, "2026-06", JULY_1)
    assert [stall for stall, _reason in run.skipped] == [shop.stall]


def test_the_supplier_s_price_is_that_of_all_units_of_the_month_whenever_they_were_read(site):
    # given a meter that is read on the 20th, and a supplier's bill each month
    shop = factories.shop()
    meter = factories.meter(shop)
    for period, units, amount in (("2026-05", 100, 300), ("2026-06", 100, 200)):
        values = {"market": shop.market, "fee_type": "Water", "period": period, "units": units}
        values |= {"amount": amount, "attachment": "/private/files/bill.pdf", "status": "Confirmed"}
        site.get_doc({"doctype": "Supplier Bill", **values}).insert(ignore_permissions=True)
    factories.reading(meter, "2026-05", "50", date(2026, 5, 20))
    factories.reading(meter, "2026-06", "100", date(2026, 7, 3))
    assert water(site, shop.market, "2026-06", date(2026, 7, 4)) == {shop.lease: D("100.00")}


def renewed(market, on):
    """A lease that ends on 15 June, and the next one of the same merchant."""
    shop = factories.shop(market, end_date=date(2026, 6, 15))
    later = lease_changes.renew(shop.lease, date(2027, 6, 15), D("3000.00"), datetime(2026, 6, 1, 12))
    leases.end_expired(date(2026, 6, 16))
    factories.reading(factories.meter(shop), "2026-06", "30", on)
    return shop.lease, later


def test_after_a_renewal_the_whole_month_is_paid_by_the_lease_of_the_reading_s_day(site, market):
    _earlier, later = renewed(market, date(2026, 6, 30))
    # the merchant's days are those of both leases: 19 of 30 at 1.00, 11 at 1.50
    assert water(site, market) == {later: D("35.50")}


def test_a_reading_before_the_renewal_is_paid_by_the_lease_that_ends(site, market):
    earlier, _later = renewed(market, date(2026, 6, 12))
    run = billing.generate(market, "2026-06", JULY_1)
    assert run.skipped == []
    assert water(site, market) == {earlier: D("30.00")}


def test_another_merchant_after_the_renewal_needs_the_handover_all_the_same(site, market):
    _earlier, later = renewed(market, date(2026, 6, 30))
    lease = site.get_doc("Lease", later)
    site.db.set_value("Lease", later, {"end_date": date(2026, 6, 20), "status": "Ended"})
    factories.lease(market, factories.merchant(market), lease.stall, start_date=date(2026, 6, 21))
    run = billing.generate(market, "2026-06", JULY_1)
    assert [stall for stall, _reason in run.skipped] == [lease.stall]
