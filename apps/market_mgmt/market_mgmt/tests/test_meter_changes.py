"""Scenarios: a stall changes hands in mid-month, a dial is replaced; whoever used it pays it."""

from datetime import date
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt.services import billing, meter_changes, readings
from market_mgmt.tests import factories

D = Decimal
NOV_1 = date(2026, 11, 1)
OCT_15, OCT_16, OCT_31 = date(2026, 10, 15), date(2026, 10, 16), date(2026, 10, 31)


@pytest.fixture
def shop(site):
    shop = factories.shop(rent="3100.00", end_date=OCT_15)
    factories.tariff(shop.market, "Water", "2.00")
    return shop


@pytest.fixture
def second(shop):
    """The lease of the next tenant, from the 16th."""
    tenant = factories.merchant(shop.market)
    return factories.lease(shop.market, tenant, shop.stall, "3100.00", start_date=OCT_16)


@pytest.fixture
def meter(shop):
    return factories.meter(shop, meter_no="W-1", initial_reading=100)


def water(site, market):
    """Amount and lines of the water bills of October, by lease."""
    run = billing.generate(market, "2026-10", NOV_1)
    fees = [site.get_doc("Fee", name) for name in run.created]
    return {
        fee.lease: (yuan(fee.amount), [line.description for line in fee.lines])
        for fee in fees
        if fee.fee_type == "Water"
    }, dict(run.skipped)


def test_a_handover_entered_after_the_month_was_read_splits_that_reading(site, shop, second, meter):
    factories.reading(meter, "2026-10", "140", OCT_31)
    meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    bills, _ = water(site, shop.market)
    assert {lease: amount for lease, (amount, _lines) in bills.items()} == {
        shop.lease: D("60.00"),
        second: D("20.00"),
    }


def test_after_a_handover_on_the_day_of_the_month_s_reading_the_next_month_goes_on_from_that_reading(
    site, shop, second, meter
):
    factories.reading(meter, "2026-10", "140", OCT_15)
    meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    assert readings.meter_states(shop.market, "2026-11")[meter].previous == D(140)


def test_a_handover_that_was_voided_can_be_read_again_on_the_same_day(site, shop, second, meter):
    wrong = meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    readings.void(wrong, "抄错")
    right = meter_changes.read_at_handover(meter, D("103"), OCT_15, NOV_1)
    assert (wrong, right) == (f"{meter}-2026-10-15-Handover", f"{meter}-2026-10-15-Handover-2")
    assert readings.meter_states(shop.market, "2026-10")[meter].previous == D(103)


def test_a_handover_outside_what_the_month_s_reading_allows_is_refused(site, shop, second, meter):
    factories.reading(meter, "2026-10", "140", OCT_31)
    with pytest.raises(site.ValidationError, match="W-1"):
        meter_changes.read_at_handover(meter, D("150"), OCT_15, NOV_1)


def test_without_a_handover_reading_nobody_is_billed_for_the_other(site, shop, second, meter):
    factories.reading(meter, "2026-10", "140", OCT_31)
    bills, skipped = water(site, shop.market)
    assert bills == {}
    assert "W-1" in skipped[shop.stall]


def test_what_is_used_while_the_stall_stands_empty_is_billed_to_nobody(site, shop, meter):
    meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    factories.reading(meter, "2026-10", "140", OCT_31)
    bills, _ = water(site, shop.market)
    assert bills == {shop.lease: (D("60.00"), ["W-1: 100 → 130 × 1"])}


def test_a_replaced_dial_adds_a_segment_and_the_month_goes_on(site, meter):
    # given a second shop whose dial is replaced on the 10th, the new one with a multiplier of 2
    shop = factories.shop(site.db.get_value("Meter", meter, "market"))
    point = factories.meter(shop, meter_no="W-OLD", initial_reading=950, digits=4)
    change = site.get_doc(
        {
            "doctype": "Meter Replacement",
            "market": shop.market,
            "meter": point,
            "replaced_on": date(2026, 10, 10),
            "reason": "指针停走",
            "final_reading": 960,
            "new_meter_no": "W-NEW",
            "new_digits": 6,
            "new_multiplier": 2,
            "initial_reading": 5,
        }
    ).insert(ignore_permissions=True)
    # when the month is read on the new dial
    state = readings.meter_states(shop.market, "2026-10")[point]
    assert (state.meter_no, state.previous, state.so_far) == ("W-NEW", D(5), D(10))
    factories.reading(point, "2026-10", "25", OCT_31)
    # then both segments are on the bill: 10 and (25 − 5) × 2
    bills, _ = water(site, shop.market)
    assert bills[shop.lease] == (D("100.00"), ["W-OLD: 950 → 960 × 1", "W-NEW: 5 → 25 × 2"])
    # and the next month goes on from there
    assert readings.meter_states(shop.market, "2026-11")[point].previous == D(25)
    assert change.old_meter_no == "W-OLD"
    change.reason = "另一个原因"
    with pytest.raises(site.PermissionError):
        change.save(ignore_permissions=True)


@pytest.mark.parametrize("on", [date(2026, 11, 2), date(2026, 8, 20)])
def test_a_handover_in_the_future_or_before_the_last_period_is_refused(site, shop, meter, on):
    factories.reading(meter, "2026-09", "110")
    with pytest.raises(site.ValidationError):
        meter_changes.read_at_handover(meter, D("105"), on, NOV_1)


def test_a_handover_is_voided_only_while_nothing_builds_on_it(site, shop, second, meter):
    handover = meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    ended = factories.reading(meter, "2026-10", "140", OCT_31).created[0]
    with pytest.raises(site.ValidationError):
        readings.void(handover, "抄错")
    readings.void(ended, "抄错")
    readings.void(handover, "抄错")
    assert readings.meter_states(shop.market, "2026-10")[meter].previous == D(100)


def test_the_number_of_another_meter_is_refused(site, shop, meter):
    factories.meter(shop, meter_no="W-2")
    with pytest.raises(site.ValidationError, match="W-2"):
        site.get_doc(
            {
                "doctype": "Meter Replacement",
                "market": shop.market,
                "meter": meter,
                "replaced_on": date(2026, 10, 10),
                "reason": "换表",
                "final_reading": 110,
                "new_meter_no": "W-2",
                "new_digits": 5,
                "new_multiplier": 1,
            }
        ).insert(ignore_permissions=True)


def test_a_handover_that_split_the_month_s_reading_is_voided_only_after_that_reading(
    site, shop, second, meter
):
    # given a handover entered after the month's reading, which now begins at the handover
    factories.reading(meter, "2026-10", "140", OCT_31)
    handover = meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    # then voiding the handover alone would lose what it closed: 100 → 130
    with pytest.raises(site.ValidationError):
        readings.void(handover, "抄错")


def test_a_handover_is_not_read_twice_on_a_day(site, shop, second, meter):
    meter_changes.read_at_handover(meter, D("130"), OCT_15, NOV_1)
    with pytest.raises(site.ValidationError, match=r"W-1.*2026-10-15"):
        meter_changes.read_at_handover(meter, D("131"), OCT_15, NOV_1)


def test_the_month_s_reading_is_not_older_than_a_handover_that_used_nothing(site, shop, meter):
    meter_changes.read_at_handover(meter, D("100"), OCT_15, NOV_1)
    recorded = factories.reading(meter, "2026-10", "140", date(2026, 10, 10))
    assert [name for name, _reason in recorded.rejected] == [meter]


def test_a_month_in_which_the_dial_was_replaced_is_read_before_the_next(site, meter):
    # given a dial that went from 100 to 150 and was replaced in October, which nobody read at its end
    shop = factories.shop(site.db.get_value("Meter", meter, "market"))
    point = factories.meter(shop, meter_no="W-OLD", initial_reading=100)
    site.get_doc(
        {
            "doctype": "Meter Replacement",
            "market": shop.market,
            "meter": point,
            "replaced_on": date(2026, 10, 10),
            "reason": "换表",
            "final_reading": 150,
            "new_meter_no": "W-NEW",
            "new_digits": 6,
            "new_multiplier": 1,
            "initial_reading": 5,
        }
    ).insert(ignore_permissions=True)
    # when November is read, then it is refused: no bill would have the 50 of the old dial
    recorded = factories.reading(point, "2026-11", "25", date(2026, 11, 30))
    assert "2026-10" in dict(recorded.rejected)[point]
    # and once October is entered, it is billed with both dials
    factories.reading(point, "2026-10", "15", OCT_31)
    assert factories.reading(point, "2026-11", "25", date(2026, 11, 30)).rejected == []
    bills, _ = water(site, shop.market)
    assert bills[shop.lease] == (D("120.00"), ["W-OLD: 100 → 150 × 1", "W-NEW: 5 → 15 × 1"])


class TestWhoPays:
    """Each unit is paid by the lease that used it, or by nobody."""

    @pytest.fixture
    def market(self, site):
        market = factories.market()
        factories.tariff(market, "Water", "2.00")
        return market

    @staticmethod
    def water_of(site, market, period):
        run = billing.generate(market, period, date(2026, 12, 1))
        fees = [site.get_doc("Fee", name) for name in run.created]
        amounts = {fee.lease: yuan(fee.amount) for fee in fees if fee.fee_type == "Water"}
        return amounts, run.skipped

    def test_a_new_tenant_does_not_pay_what_ran_before_the_lease_of_an_empty_stall(self, site, market):
        # given a stall that stood empty until 10 November, its meter read on that day
        shop = factories.shop(market, start_date=date(2026, 11, 10))
        meter = factories.meter(shop, initial_reading=100)
        meter_changes.read_at_handover(meter, D("130"), date(2026, 11, 10), date(2026, 11, 10))
        factories.reading(meter, "2026-11", "140")
        # then only the ten units since are billed
        assert self.water_of(site, market, "2026-11") == ({shop.lease: D("20.00")}, [])

    def test_a_lease_that_begins_after_the_month_s_reading_pays_none_of_it(self, site, market):
        shop = factories.shop(market, start_date=date(2026, 10, 29))
        factories.reading(factories.meter(shop), "2026-10", "40", date(2026, 10, 28))
        assert self.water_of(site, market, "2026-10")[0] == {}

    @pytest.mark.parametrize("let_again", [True, False])
    def test_a_handover_on_the_first_of_the_next_month_is_paid_by_who_left(self, site, market, let_again):
        # given a lease up to 31 October, read on the 28th, and handed over on 1 November
        shop = factories.shop(market, end_date=OCT_31)
        meter = factories.meter(shop, initial_reading=100)
        factories.reading(meter, "2026-10", "140", date(2026, 10, 28))
        meter_changes.read_at_handover(meter, D("150"), NOV_1, NOV_1)
        billed = {shop.lease: D("20.00")}
        if let_again:
            tenant = factories.merchant(market)
            billed[factories.lease(market, tenant, shop.stall, start_date=NOV_1)] = D("80.00")
        factories.reading(meter, "2026-11", "190")
        # then November's bills are 140 → 150 for the one, 150 → 190 for the other
        assert self.water_of(site, market, "2026-11") == (billed, [])

    def test_who_left_before_the_last_reading_pays_nothing_of_the_next_handover(self, site, market):
        shop = factories.shop(market, end_date=OCT_15)
        meter = factories.meter(shop)
        meter_changes.read_at_handover(meter, D("30"), OCT_15, OCT_15)
        factories.reading(meter, "2026-10", "31", OCT_31)
        tenant = factories.merchant(market)
        second = factories.lease(market, tenant, shop.stall, start_date=date(2026, 11, 10))
        meter_changes.read_at_handover(meter, D("35"), date(2026, 11, 10), date(2026, 11, 10))
        factories.reading(meter, "2026-11", "45")
        assert self.water_of(site, market, "2026-11") == ({second: D("20.00")}, [])

    def test_who_left_in_mid_month_is_not_billed_by_the_reading_at_its_end(self, site, market):
        # given a lease that ended on the 15th, and a meter that was only read on the 31st
        shop = factories.shop(market, end_date=OCT_15)
        meter = factories.meter(shop, meter_no="W-LATE")
        factories.reading(meter, "2026-10", "40", OCT_31)
        amounts, skipped = self.water_of(site, market, "2026-10")
        assert amounts == {}
        assert "W-LATE" in dict(skipped)[shop.stall]
        # when the handover is entered, then it is
        meter_changes.read_at_handover(meter, D("30"), OCT_15, NOV_1)
        assert self.water_of(site, market, "2026-10") == ({shop.lease: D("60.00")}, [])

    def test_a_handover_in_a_lease_that_runs_on_waits_for_the_month_s_reading(self, site, market):
        # given a handover read by mistake: the tenant stays
        shop = factories.shop(market)
        meter = factories.meter(shop)
        meter_changes.read_at_handover(meter, D("10"), OCT_15, OCT_15)
        assert self.water_of(site, market, "2026-10")[0] == {}
        # when the month has been read, then all of it is billed
        factories.reading(meter, "2026-10", "31", OCT_31)
        assert self.water_of(site, market, "2026-10") == ({shop.lease: D("62.00")}, [])

    def test_what_a_meter_showed_before_it_was_retired_is_billed(self, site, market):
        shop = factories.shop(market)
        meter = factories.meter(shop)
        factories.reading(meter, "2026-10", "40", date(2026, 10, 20))
        site.db.set_value("Meter", meter, "status", "Retired")
        assert self.water_of(site, market, "2026-10") == ({shop.lease: D("80.00")}, [])

    def test_a_meter_with_readings_does_not_move_to_another_stall(self, site, market):
        # given 40 units used at one stall, not yet billed
        shop = factories.shop(market)
        meter = site.get_doc("Meter", factories.meter(shop, meter_no="W-STAYS"))
        factories.reading(meter.name, "2026-10", "40")
        # when the meter is moved, then it is refused: they would be billed at the other
        meter.stall = factories.shop(market).stall
        with pytest.raises(site.ValidationError, match="W-STAYS"):
            meter.save(ignore_permissions=True)
