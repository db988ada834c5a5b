"""Scenarios: tariffs with a minimum charge, tiers, and prices by time of use."""

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from cn_connect.money import yuan
from market_mgmt.services import billing, lease_changes, meter_changes, reading_template, readings
from market_mgmt.tests import factories

D = Decimal
NOV_1 = date(2026, 11, 1)
END = date(2026, 10, 31)


@pytest.fixture
def market(site):
    return factories.market()


def tariff(site, market, fee_type="Electricity", price=0.5, since=factories.START, tiers=(), **values):
    doc = site.get_doc(
        {
            "doctype": "Tariff",
            "market": market,
            "fee_type": fee_type,
            "unit_price": price,
            "effective_from": since,
            "tiers": [{"above": above, "unit_price": own} for above, own in tiers],
            **values,
        }
    )
    return doc.insert(ignore_permissions=True)


def electricity(site, market, on=NOV_1, period="2026-10"):
    """The amounts by lease."""
    billing.generate(market, period, on)
    fees = {"market": market, "period": period, "fee_type": "Electricity", "status": "Draft"}
    return {row.lease: yuan(row.amount) for row in site.get_all("Fee", fees, ["lease", "amount"])}


def lines(site, lease):
    fee = site.get_doc("Fee", {"lease": lease, "fee_type": "Electricity"})
    return [(line.description, yuan(line.amount)) for line in fee.lines]


def test_who_confirmed_to_have_used_nothing_pays_the_minimum(site, market):
    tariff(site, market, minimum_charge=20)
    shop = factories.shop(market)
    recorded = factories.reading(factories.meter(shop, "Electricity"), "2026-10", "0", END)
    # not before a clerk has confirmed it
    assert electricity(site, market) == {}
    readings.confirm(recorded.created, "Administrator")
    assert electricity(site, market) == {shop.lease: D("20.00")}
    factories.publish(market, "2026-10", NOV_1)


def test_a_little_is_raised_to_the_minimum_and_much_is_not(site, market):
    tariff(site, market, minimum_charge=20)
    little, much = factories.shop(market), factories.shop(market)
    factories.reading(factories.meter(little, "Electricity"), "2026-10", "10", END)
    factories.reading(factories.meter(much, "Electricity"), "2026-10", "100", END)
    assert electricity(site, market) == {little.lease: D("20.00"), much.lease: D("50.00")}
    assert [amount for _text, amount in lines(site, little.lease)] == [D("5.00"), D("15.00")]


def test_two_meters_of_a_stall_have_one_minimum(site, market):
    tariff(site, market, minimum_charge=20)
    shop = factories.shop(market)
    for _ in range(2):
        factories.reading(factories.meter(shop, "Electricity"), "2026-10", "10", END)
    assert electricity(site, market) == {shop.lease: D("20.00")}


def test_the_minimum_of_part_of_a_month_is_for_its_days(site, market):
    # 31.00 a month, for 15 and for 16 of 31 days
    tariff(site, market, minimum_charge=31)
    leaving = factories.shop(market, end_date=date(2026, 10, 15))
    coming = factories.lease(market, factories.merchant(market), leaving.stall, start_date=date(2026, 10, 16))
    meter = factories.meter(leaving, "Electricity")
    meter_changes.read_at_handover(meter, D(10), date(2026, 10, 15), END)
    factories.reading(meter, "2026-10", "20", END)
    assert electricity(site, market) == {leaving.lease: D("15.00"), coming: D("16.00")}


def test_a_merchant_who_renews_has_one_minimum(site, market):
    tariff(site, market, minimum_charge=31)
    shop = factories.shop(market, end_date=date(2026, 10, 15))
    later = lease_changes.renew(shop.lease, date(2027, 10, 15), D("3000"), datetime(2026, 10, 1, 9))
    factories.reading(factories.meter(shop, "Electricity"), "2026-10", "20", END)
    assert electricity(site, market) == {later: D("31.00")}


def test_no_meter_no_minimum(site, market):
    tariff(site, market, minimum_charge=20)
    factories.shop(market)
    assert electricity(site, market) == {}


def test_tiers_are_of_all_units_of_the_month(site, market):
    tariff(site, market, kind="Tiered", tiers=[(200, 0.55), (400, 0.8)])
    shop = factories.shop(market)
    factories.reading(factories.meter(shop, "Electricity", meter_no="E-1"), "2026-10", "450", END)
    # 200 × 0.50 + 200 × 0.55 + 50 × 0.80
    assert electricity(site, market) == {shop.lease: D("250.00")}
    assert lines(site, shop.lease) == [
        ("E-1: 0 → 450 × 1", D("0.00")),
        ("0 – 200", D("100.00")),
        ("200 – 400", D("110.00")),
        ("> 400", D("40.00")),
    ]


def by_the_hour(site, market, **values):
    prices = {"sharp_price": 1.2, "peak_price": 1.0, "valley_price": 0.3}
    return tariff(site, market, price=0.6, kind="Time of Use", **prices, **values)


def register(shop, name, **values):
    return factories.meter(shop, "Electricity", register=name, **values)


def test_registers_have_their_own_prices(site, market):
    by_the_hour(site, market)
    shop = factories.shop(market)
    for name, units in (("Peak", "100"), ("Valley", "50"), ("Shoulder", "10"), ("Sharp", "5")):
        factories.reading(register(shop, name, meter_no=f"E-1-{name}"), "2026-10", units, END)
    # 100 × 1.00 + 50 × 0.30 + 10 × 0.60 + 5 × 1.20
    assert electricity(site, market) == {shop.lease: D("127.00")}
    assert ("E-1-Peak 峰: 0 → 100 × 1", D("100.00")) in lines(site, shop.lease)


def test_a_register_that_is_not_read_holds_up_the_bill(site, market):
    by_the_hour(site, market)
    shop = factories.shop(market)
    factories.reading(register(shop, "Peak"), "2026-10", "100", END)
    register(shop, "Valley")
    run = billing.generate(market, "2026-10", NOV_1)
    assert [stall for stall, _reason in run.skipped] == [shop.stall]


def test_a_register_rolls_over_and_is_replaced_by_itself(site, market):
    by_the_hour(site, market)
    shop = factories.shop(market)
    peak = register(shop, "Peak", digits=3, initial_reading=990)
    valley = register(shop, "Valley")
    change = {
        "doctype": "Meter Replacement",
        "market": market,
        "meter": peak,
        "replaced_on": date(2026, 10, 10),
    }
    change |= {"reason": "表坏", "final_reading": 15, "new_meter_no": f"N{shop.stall}", "new_digits": 5}
    change |= {"new_multiplier": 2, "initial_reading": 0}
    site.get_doc(change).insert(ignore_permissions=True)
    held = [*factories.reading(peak, "2026-10", "10", END).created]
    held += site.get_all("Meter Reading", {"market": market, "status": "Held"}, pluck="name")
    readings.confirm(sorted(set(held)), "Administrator")
    factories.reading(valley, "2026-10", "10", END)
    # (25 + 10 × 2) × 1.00 + 10 × 0.30
    assert electricity(site, market) == {shop.lease: D("48.00")}


def test_a_new_tariff_in_mid_month_counts_from_its_day(site, market):
    tariff(site, market, price=1)
    tariff(site, market, since=date(2026, 10, 11), kind="Tiered", tiers=[(200, 0.55), (400, 0.8)])
    shop = factories.shop(market)
    factories.reading(factories.meter(shop, "Electricity"), "2026-10", "310", END)
    # 100 × 1.00; of 210 in 21 days, 200 × 21 ÷ 31 at 0.50, the rest at 0.55
    assert electricity(site, market) == {shop.lease: D("208.73")}


def test_the_tariff_of_a_stall_wins_whatever_its_kind(site, market):
    tariff(site, market, minimum_charge=20)
    shop = factories.shop(market)
    tariff(site, market, price=0.4, stall=shop.stall)
    factories.reading(factories.meter(shop, "Electricity"), "2026-10", "10", END)
    assert electricity(site, market) == {shop.lease: D("4.00")}


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "Tiered"},
        {"kind": "Tiered", "tiers": [(400, 0.5), (200, 0.6)]},
        {"tiers": [(200, 0.6)]},
        {"peak_price": 1.0},
        {"kind": "Time of Use"},
        {"fee_type": "Sanitation", "minimum_charge": 5},
        {"fee_type": "Sanitation", "kind": "Tiered", "tiers": [(200, 0.6)]},
    ],
)
def test_a_tariff_fits_its_kind(site, market, values):
    with pytest.raises(site.ValidationError):
        tariff(site, market, **values)


def test_what_is_sold_on_at_cost_has_no_minimum(site, market):
    site.db.set_value("Fee Type", "Electricity", "resold", 1)
    site.clear_document_cache("Fee Type", "Electricity")
    with pytest.raises(site.ValidationError):
        tariff(site, market, minimum_charge=5)


def test_peak_and_valley_are_passed_on_at_the_supplier_s_prices(site, market):
    # given a supplier's bill of 100 peak units for 100.00, 300 valley units for 90.00, 100 others for 60.00
    site.db.set_value("Fee Type", "Electricity", "resold", 1)
    values = {"market": market, "fee_type": "Electricity", "period": "2026-10", "units": 500, "amount": 250}
    values |= {"peak_units": 100, "peak_amount": 100, "valley_units": 300, "valley_amount": 90}
    values |= {"attachment": "/private/files/bill.pdf", "status": "Confirmed"}
    site.get_doc({"doctype": "Supplier Bill", **values}).insert(ignore_permissions=True)
    day, night = factories.shop(market), factories.shop(market)
    for shop, name, units in ((day, "Peak", "100"), (day, "Shoulder", "100"), (night, "Valley", "300")):
        factories.reading(register(shop, name), "2026-10", units, END)
    # then each pays for its own hours, and the sum is the supplier's
    assert electricity(site, market) == {day.lease: D("160.00"), night.lease: D("90.00")}
    factories.publish(market, "2026-10", NOV_1)


def test_registers_above_the_supplier_s_bill_are_refused(site, market):
    values = {"market": market, "fee_type": "Electricity", "period": "2026-10", "units": 500, "amount": 250}
    values |= {"peak_units": 100, "peak_amount": 300, "attachment": "/private/files/bill.pdf"}
    with pytest.raises(site.ValidationError):
        site.get_doc({"doctype": "Supplier Bill", **values}).insert(ignore_permissions=True)


def test_the_readings_template_has_a_row_for_each_register(site, market):
    by_the_hour(site, market)
    shop = factories.shop(market)
    for name in ("Peak", "Valley"):
        register(shop, name, meter_no=f"E-1-{name}")
    book = load_workbook(io.BytesIO(reading_template.build(market, "2026-10")))
    sheet = book["抄表"]
    rows = {sheet.cell(row, column).value for row in range(1, 9) for column in range(1, 7)}
    assert {"E-1-Peak", "E-1-Valley"} <= rows


def test_a_register_that_was_read_stays_one(site, market):
    meter = register(factories.shop(market), "Peak")
    factories.reading(meter, "2026-10", "100", END)
    document = site.get_doc("Meter", meter)
    document.register = "Valley"
    with pytest.raises(site.ValidationError):
        document.save(ignore_permissions=True)
