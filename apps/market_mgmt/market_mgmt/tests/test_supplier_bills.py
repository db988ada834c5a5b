"""Scenarios: electricity is sold on at what it cost, and never brings in more than the supplier's bill."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import billing
from market_mgmt.tests import factories

D = Decimal
NOV_1 = date(2026, 11, 1)
NOON = datetime(2026, 11, 1, 12)
ELECTRICITY = "Electricity"


@pytest.fixture
def market(site):
    return factories.market()


@pytest.fixture
def shops(market):
    """Two shops that used 100 kWh each."""
    shops = [factories.shop(market) for _ in range(2)]
    for shop in shops:
        factories.reading(factories.meter(shop, ELECTRICITY), "2026-10", "100")
    return shops


def bill(site, market, units, amount, status="Confirmed"):
    return site.get_doc(
        {
            "doctype": "Supplier Bill",
            "market": market,
            "fee_type": ELECTRICITY,
            "period": "2026-10",
            "units": units,
            "amount": amount,
            "attachment": "/private/files/bill.pdf",
            "status": status,
        }
    ).insert(ignore_permissions=True)


def charged(site, market):
    fees = {"market": market, "fee_type": ELECTRICITY, "status": "Published"}
    return site.get_all("Fee", fees, pluck="amount")


def test_a_draft_sets_no_price(site, market, shops):
    found = bill(site, market, 300, 200, "Draft")
    assert not site.db.exists("Tariff", {"supplier_bill": found.name})
    found.status = "Confirmed"
    found.save(ignore_permissions=True)
    assert site.db.get_value("Tariff", {"supplier_bill": found.name}, "effective_from") == date(2026, 10, 1)


def test_more_than_the_bill_is_not_published(site, market, shops):
    # given meters that show more than the supplier delivered
    bill(site, market, 150, 150)
    billing.generate(market, "2026-10", NOV_1)
    with pytest.raises(site.ValidationError, match=r"200\.00.*150\.00"):
        factories.publish(market, "2026-10", NOV_1)


def test_what_was_published_before_counts(site, market, shops):
    bill(site, market, 150, 150)
    names = [name for name in billing.generate(market, "2026-10", NOV_1).created if "-ELEC-" in name]
    assert factories.publish(market, "2026-10", NOV_1, names[:1]) == 1
    with pytest.raises(site.ValidationError, match=r"200\.00"):
        factories.publish(market, "2026-10", NOV_1, names[1:])


def test_a_resold_utility_needs_its_bill(site, market, shops):
    site.db.set_value("Fee Type", ELECTRICITY, "resold", 1)
    factories.tariff(market, ELECTRICITY, "1.00")
    billing.generate(market, "2026-10", NOV_1)
    with pytest.raises(site.ValidationError, match="2026-10"):
        factories.publish(market, "2026-10", NOV_1)


def test_a_confirmed_bill_stays(site, market):
    found = bill(site, market, 300, 200)
    found.amount = 100
    with pytest.raises(site.ValidationError):
        found.save(ignore_permissions=True)
    with pytest.raises(site.PermissionError):
        site.delete_doc("Supplier Bill", found.name)


def test_one_bill_a_month(site, market):
    bill(site, market, 300, 200)
    with pytest.raises(site.UniqueValidationError):
        bill(site, market, 300, 200)


@pytest.mark.parametrize(("units", "amount"), [(0, 200), (300, 0)])
def test_a_bill_without_units_or_amount_is_refused(site, market, units, amount):
    with pytest.raises(site.ValidationError):
        bill(site, market, units, amount)


def test_what_was_drafted_at_last_month_s_price_is_not_published_above_this_month_s(site, market, shops):
    # given bills drafted at 3.00 before the supplier's bill came, which asks 2.00
    site.db.set_value("Fee Type", ELECTRICITY, "resold", 1)
    factories.tariff(market, ELECTRICITY, "3.00")
    drafts = [name for name in billing.generate(market, "2026-10", NOV_1).created if "-ELEC-" in name]
    bill(site, market, 1000, 2000)
    # then they are refused, although the sum is below the supplier's
    with pytest.raises(site.ValidationError, match=r"3.*2"):
        factories.publish(market, "2026-10", NOV_1)
    # and drafted again they pass
    for name in drafts:
        billing.reverse(name, "单价", NOON)
    billing.generate(market, "2026-10", NOV_1)
    factories.publish(market, "2026-10", NOV_1)
    assert charged(site, market) == [200.0, 200.0]


@pytest.mark.parametrize("published_first", ["one-off", "metered"])
def test_one_off_fees_of_the_utility_count_whichever_comes_first(site, market, shops, published_first):
    # given a bill that the meters use up
    bill(site, market, 200, 200)
    metered = [name for name in billing.generate(market, "2026-10", NOV_1).created if "-ELEC-" in name]
    extra = [billing.create_one_off(shops[0].lease, ELECTRICITY, D("0.01"), "线损", date(2026, 10, 31))]
    first, second = (extra, metered) if published_first == "one-off" else (metered, extra)
    factories.publish(market, "2026-10", NOV_1, first)
    with pytest.raises(site.ValidationError, match=r"200\.01.*200\.00"):
        factories.publish(market, "2026-10", NOV_1, second)


def test_a_one_off_fee_of_a_resold_utility_needs_the_supplier_s_bill(site, market, shops):
    site.db.set_value("Fee Type", ELECTRICITY, "resold", 1)
    extra = billing.create_one_off(shops[0].lease, ELECTRICITY, D("5.00"), "线损", date(2026, 10, 31))
    with pytest.raises(site.ValidationError, match="2026-10"):
        factories.publish(market, "2026-10", NOV_1, [extra])


def small(market, count):
    """Shops that used 1 kWh each, and their meters' readings."""
    for _ in range(count):
        factories.reading(factories.meter(factories.shop(market), ELECTRICITY), "2026-10", "1")


def drafts(market):
    return [name for name in billing.generate(market, "2026-10", NOV_1).created if "-ELEC-" in name]


def test_the_last_cents_come_off_drafts_and_are_shown(site, market):
    small(market, 10)
    bill(site, market, 10, 5.05)
    names = drafts(market)
    amounts = site.get_all("Fee", {"name": ["in", names]}, pluck="amount")
    assert sorted(amounts) == [0.5] * 5 + [0.51] * 5
    lowered = site.get_doc("Fee", min(names))
    assert [line.amount for line in lowered.lines] == [0.51, -0.01]
    assert factories.publish(market, "2026-10", NOV_1, names) == 10
    assert lowered.reload().outstanding == 0.5


def test_cents_come_off_also_when_the_supplier_s_bill_came_after_the_drafts(site, market):
    small(market, 10)
    factories.tariff(market, ELECTRICITY, "0.505")
    names = drafts(market)
    site.db.delete("Tariff", {"market": market})
    bill(site, market, 10, 5.05)
    assert factories.publish(market, "2026-10", NOV_1, names) == 10
    assert sum(map(D, map(str, charged(site, market)))) == D("5.05")


def test_what_is_drafted_later_takes_the_cents_off_earlier_drafts_too(site, market):
    small(market, 9)
    bill(site, market, 10, 5.05)
    first = drafts(market)
    small(market, 1)
    second = drafts(market)
    factories.publish(market, "2026-10", NOV_1, [*first, *second])
    assert sum(map(D, map(str, charged(site, market)))) == D("5.05")


def test_a_bill_that_lost_its_cent_loses_it_again_when_it_is_issued_again(site, market):
    small(market, 10)
    bill(site, market, 10, 5.05)
    names = drafts(market)
    factories.publish(market, "2026-10", NOV_1, names)
    billing.reverse(min(names), "重开", NOON)
    factories.publish(market, "2026-10", NOV_1, drafts(market))
    assert sum(map(D, map(str, charged(site, market)))) == D("5.05")
