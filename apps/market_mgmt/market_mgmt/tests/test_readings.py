"""Scenarios: readings come in, are held or accepted, confirmed, voided."""

from datetime import date
from decimal import Decimal

import pytest

from market_mgmt.services import readings
from market_mgmt.services.readings import ReadingRow
from market_mgmt.tests import factories
from market_mgmt.tests.queries import count_queries

D = Decimal


@pytest.fixture
def shop(site):
    return factories.shop()


@pytest.fixture
def meter(shop):
    """A meter that used 10, 12 and 14 in three months and stands at 136."""
    name = factories.meter(shop, initial_reading=100)
    for period, current in (("2026-07", "110"), ("2026-08", "122"), ("2026-09", "136")):
        factories.reading(name, period, current)
    return name


def stored(site, meter, period):
    fields = ["previous_reading", "consumption", "status", "rolled_over"]
    return site.db.get_value("Meter Reading", {"meter": meter, "period": period}, fields)


def test_a_reading_follows_the_one_before(site, meter):
    recorded = factories.reading(meter, "2026-10", "150")
    assert (len(recorded.created), recorded.held) == (1, [])
    assert stored(site, meter, "2026-10") == (136.0, 14.0, "Normal", 0)


def test_the_same_file_again_adds_nothing(site, meter):
    factories.reading(meter, "2026-10", "150")
    again = factories.reading(meter, "2026-10", "155")
    assert (again.created, again.existing) == ([], [meter])
    assert stored(site, meter, "2026-10")[1] == 14.0


@pytest.mark.parametrize(("current", "why"), [("136", "zero"), ("173", "three times")])
def test_a_zero_and_a_spike_are_held(site, meter, current, why):
    recorded = factories.reading(meter, "2026-10", current)
    assert len(recorded.held) == 1
    assert stored(site, meter, "2026-10")[2] == "Held"


def test_the_months_before_a_gap_are_still_its_history(site, shop):
    # given a meter that used 10, 12 and 14 up to March, and a neighbour that was read all the time
    meter, neighbour = factories.meter(shop, initial_reading=100), factories.meter(shop, initial_reading=0)
    for month in range(1, 10):
        factories.reading(neighbour, f"2026-{month:02d}", str(10 * month))
    for period, current in (("2026-01", "110"), ("2026-02", "122"), ("2026-03", "136")):
        factories.reading(meter, period, current)

    # when both are looked at in October
    states = readings.meter_states(shop.market, "2026-10")

    # then each stands where it was read last and is judged by its own last three months
    assert (states[meter].previous, states[meter].history) == (D(136), (D(10), D(12), D(14)))
    assert states[meter].last_date == date(2026, 3, 28)
    assert (states[neighbour].previous, states[neighbour].history) == (D(90), (D(10), D(10), D(10)))


def test_a_month_that_was_held_does_not_count_as_history(site, meter):
    # given August to October, of which October was a spike that nobody has confirmed
    factories.reading(meter, "2026-10", "900")

    # when November is read, then July to September are its history and October where it stands
    state = readings.meter_states(site.db.get_value("Meter", meter, "market"), "2026-11")[meter]
    assert (state.previous, state.history) == (D(900), (D(10), D(12), D(14)))


def test_a_roll_over_is_accepted_with_history_and_held_without(site, shop):
    fresh = factories.meter(shop, digits=3, initial_reading=990)
    factories.reading(fresh, "2026-10", "5")
    assert stored(site, fresh, "2026-10") == (990.0, 15.0, "Held", 1)
    old = factories.meter(shop, digits=3, initial_reading=950)
    for period, current in (("2026-07", "960"), ("2026-08", "970"), ("2026-09", "985")):
        factories.reading(old, period, current)
    factories.reading(old, "2026-10", "7")
    assert stored(site, old, "2026-10") == (985.0, 22.0, "Normal", 1)


def test_the_multiplier_counts(site, shop):
    meter = factories.meter(shop, "Electricity", multiplier=40)
    factories.reading(meter, "2026-10", "12.5")
    assert stored(site, meter, "2026-10")[1] == 500.0


def test_a_clerk_confirms_what_is_held(site, meter):
    name = factories.reading(meter, "2026-10", "136").created[0]
    assert readings.confirm([name], "Administrator") == 1
    assert readings.confirm([name], "Administrator") == 0
    assert stored(site, meter, "2026-10")[2] == "Confirmed"
    with pytest.raises(site.DoesNotExistError):
        readings.confirm(["nothing"], "Administrator")


def test_a_wrong_reading_is_voided_and_read_again_as_often_as_it_takes(site, meter):
    names = []
    for wrong in ("1360", "1500", "150"):
        names += factories.reading(meter, "2026-10", wrong).created
        if wrong != "150":
            readings.void(names[-1], "抄错一位")
    live = site.get_all(
        "Meter Reading", {"meter": meter, "period": "2026-10", "status": ["!=", "Void"]}, pluck="consumption"
    )
    assert live == [14.0]
    assert names == [f"{meter}-2026-10", f"{meter}-2026-10-2", f"{meter}-2026-10-3"]


def test_a_reading_that_others_build_on_is_not_voided(site, meter):
    august = site.db.get_value("Meter Reading", {"meter": meter, "period": "2026-08"})
    with pytest.raises(site.ValidationError):
        readings.void(august, "late")


def test_rows_that_cannot_be_recorded_are_returned_with_the_reason(site, shop, meter):
    day = date(2026, 10, 28)
    rows = [
        ReadingRow("no such meter", D("1"), day),
        ReadingRow(meter, D("100000"), day),
    ]
    recorded = readings.record(shop.market, "2026-10", rows, as_of=day)
    assert [name for name, _ in recorded.rejected] == ["no such meter", meter]
    assert all(reason for _, reason in recorded.rejected)
    assert readings.record(
        shop.market, "2026-10", [ReadingRow(meter, D("150"), date(2026, 10, 29))], day
    ).rejected
    assert readings.record(
        shop.market, "2026-06", [ReadingRow(meter, D("101"), date(2026, 6, 30))], day
    ).rejected
    assert recorded.created == []


def test_thousands_of_rows_take_few_queries(site, shop):
    meters = [factories.meter(shop) for _ in range(60)]
    rows = [ReadingRow(name, D("10"), date(2026, 10, 28)) for name in meters]
    recorded: list[readings.Recorded] = []
    day = date(2026, 10, 28)
    few = count_queries(lambda: recorded.append(readings.record(shop.market, "2026-10", rows, as_of=day)))
    assert len(recorded[0].created) == 60
    assert few < 10
