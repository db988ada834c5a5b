from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain.amounts import ZERO, round_cents
from market_mgmt.domain.billing import Segment, metered
from market_mgmt.domain.tariffs import Rate, RateDays, RatedUse, Tier, at_least, rated, tier_problem

D = Decimal
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
STEPS = Rate(D("0.50"), (Tier(D(200), D("0.55")), Tier(D(400), D("0.80"))))
HOURS = Rate(D("0.60"), registers=(("Sharp", D("1.20")), ("Peak", D("1.00")), ("Valley", D("0.30"))))


def segment(units: str, meter: str = "E-1") -> Segment:
    return Segment(meter, D(0), D(units), D(1), D(units))


def use(units: str, rate: Rate, register: str | None = None, meter: str = "E-1") -> RatedUse:
    return RatedUse(segment(units, meter), register, [RateDays(FIRST, LAST, rate)])


@pytest.mark.parametrize(
    ("units", "amount"),
    [("0", "0.00"), ("200", "100.00"), ("201", "100.55"), ("400", "210.00"), ("450", "250.00")],
)
def test_units_above_a_bound_have_its_price(units, amount):
    assert rated([use(units, STEPS)]).amount == D(amount)


def test_the_lines_show_the_reading_and_each_tier():
    lines = rated([use("450", STEPS)]).lines
    assert [(line.description, line.quantity, line.unit_price, line.amount) for line in lines] == [
        ("E-1: 0 → 450 × 1", D(450), ZERO, ZERO),
        ("0 – 200", D(200), D("0.50"), D("100.00")),
        ("200 – 400", D(200), D("0.55"), D("110.00")),
        ("> 400", D(50), D("0.80"), D("40.00")),
    ]


def test_tiers_are_counted_over_all_meters():
    assert rated([use("300", STEPS), use("150", STEPS, meter="E-2")]).amount == D("250.00")


def test_units_and_bounds_are_divided_by_days_where_the_tariff_changes():
    # given 310 units in 31 days, tiers from the 11th on: 100 at 1.00, then 210 with bounds 200 × 21/31 and 400 × 21/31
    flat = RateDays(FIRST, date(2026, 10, 10), Rate(D("1.00")))
    steps = RateDays(date(2026, 10, 11), LAST, STEPS)
    bill = rated([RatedUse(segment("310"), None, [flat, steps])])
    # 100.00 + 135.4838… × 0.50 + 74.5161… × 0.55
    assert bill.amount == D("208.73")
    assert sum(line.amount for line in bill.lines) == bill.amount


def test_each_register_has_its_price_and_the_others_that_of_the_shoulder_hours():
    uses = [use("10", HOURS, register) for register in ("Sharp", "Peak", "Shoulder", "Valley", None)]
    assert [rated([one]).amount for one in uses] == [
        D("12.00"),
        D("10.00"),
        D("6.00"),
        D("3.00"),
        D("6.00"),
    ]
    assert rated(uses).amount == D("37.00")


def test_a_bill_below_the_minimum_is_raised_to_it_by_a_line():
    low, high = rated([use("10", Rate(D("0.50")))]), rated([use("100", Rate(D("0.50")))])
    raised = at_least(low, D("20.00"), "minimum")
    assert (raised.amount, raised.lines[-1].amount) == (D("20.00"), D("15.00"))
    assert at_least(high, D("20.00"), "minimum") == high
    assert at_least(rated([use("0", Rate(D("0.50")))]), D("20.00"), "minimum").amount == D("20.00")


@pytest.mark.parametrize(
    ("bounds", "problem"),
    [((200, 400), None), ((), "no tiers"), ((0, 200), "rise"), ((400, 200), "rise"), ((200, 200), "rise")],
)
def test_bounds_rise(bounds, problem):
    found = tier_problem([Tier(D(bound), D(1)) for bound in bounds])
    assert found is None if problem is None else problem in found


def test_a_negative_total_is_refused():
    with pytest.raises(ValueError, match="negative"):
        rated([use("-1", STEPS)])


units = st.decimals(0, 10_000, places=3)
prices = st.decimals(0, 10, places=4)


@given(st.lists(units, min_size=1, max_size=4), prices)
def test_a_tariff_of_one_price_is_billed_as_ever(used, price):
    segments = [segment(str(one)) for one in used]
    whole = [RatedUse(one, None, [RateDays(FIRST, LAST, Rate(price))]) for one in segments]
    assert rated(whole) == metered(segments, price)


@given(
    units,
    st.lists(st.tuples(st.integers(1, 5000), prices), max_size=4, unique_by=lambda tier: tier[0]),
    prices,
)
def test_tiers_add_up_to_what_each_unit_costs(used, tiers, price):
    steps = tuple(Tier(D(above), own) for above, own in sorted(tiers))
    bounds = [(D(0), price), *((tier.above, tier.price) for tier in steps)]
    tops = [*(bound for bound, _price in bounds[1:]), used]
    expected = sum(
        (max(min(top, used) - lower, D(0)) * own for (lower, own), top in zip(bounds, tops, strict=True)),
        D(0),
    )
    bill = rated([use(str(used), Rate(price, steps))])
    assert bill.amount == round_cents(expected) == sum(line.amount for line in bill.lines)


@given(units, units)
def test_who_uses_more_never_pays_less(one, other):
    low, high = sorted((one, other))
    assert rated([use(str(low), STEPS)]).amount <= rated([use(str(high), STEPS)]).amount
