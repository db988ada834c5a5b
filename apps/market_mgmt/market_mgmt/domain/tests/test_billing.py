from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain.amounts import is_cents, round_cents, spread, times
from market_mgmt.domain.billing import (
    DayPrice,
    MonthlyPrice,
    Segment,
    Use,
    consumption,
    metered,
    metered_by_days,
    monthly_charge,
    plain,
    reading_status,
    rent_for,
)
from market_mgmt.domain.periods import Period, month_of

D = Decimal
OCTOBER = month_of("2026-10")
LONG_AGO, FAR = date(2020, 1, 1), date(2030, 12, 31)

money = st.decimals(min_value=0, max_value=1_000_000, places=2)
days = st.dates(min_value=date(2024, 1, 1), max_value=date(2027, 12, 31))


class TestRent:
    def test_a_full_month_costs_the_monthly_rent_whatever_its_length(self):
        for month in ("2026-01", "2026-02", "2024-02", "2026-04"):
            bill = rent_for(month_of(month), LONG_AGO, FAR, D("1234.56"))
            assert bill.amount == D("1234.56")

    def test_a_lease_starting_in_mid_month_pays_actual_days_both_ends_inclusive(self):
        # given a lease from the 20th: 12 of 31 days
        bill = rent_for(OCTOBER, date(2026, 10, 20), FAR, D("3000.00"))
        # then 3000 × 12 / 31 = 1161.2903…
        assert bill.amount == D("1161.29")
        assert [(line.days, line.amount) for line in bill.lines] == [(12, D("1161.29"))]

    def test_the_last_day_of_a_lease_is_paid(self):
        assert rent_for(OCTOBER, LONG_AGO, date(2026, 10, 1), D("310.00")).amount == D("10.00")

    def test_rent_free_days_come_first(self):
        # given 15 free days from the 10th, so that the 25th is the first paid day: 7 of 31 days
        bill = rent_for(OCTOBER, date(2026, 10, 10), FAR, D("3100.00"), rent_free_days=15)
        assert bill.amount == D("700.00")

    def test_rent_free_days_reach_into_the_next_month(self):
        def rent(month: str):
            return rent_for(month_of(month), date(2026, 10, 20), FAR, D("3000.00"), rent_free_days=30)

        assert (rent("2026-10").amount, rent("2026-10").lines) == (D("0.00"), ())
        # the 19th of November is the first paid day: 12 of 30 days
        assert rent("2026-11").amount == D("1200.00")

    def test_a_change_of_rent_in_mid_month_splits_by_days(self):
        # given 3100 a month, from the 11th 6200: 10 and 21 of 31 days
        changes = [(date(2026, 10, 11), D("6200.00"))]
        bill = rent_for(OCTOBER, LONG_AGO, FAR, D("3100.00"), changes=changes)
        assert [(line.days, line.amount) for line in bill.lines] == [(10, D("1000.00")), (21, D("4200.00"))]

    def test_a_change_within_the_rent_free_days_only_counts_after_them(self):
        bill = rent_for(
            OCTOBER, date(2026, 10, 1), FAR, D("3100.00"), 20, changes=[(date(2026, 10, 11), D("6200.00"))]
        )
        assert [(line.days, line.amount) for line in bill.lines] == [(11, D("2200.00"))]

    def test_a_change_after_the_end_of_the_lease_changes_nothing(self):
        changes = [(date(2026, 10, 20), D("9999.00"))]
        bill = rent_for(OCTOBER, LONG_AGO, date(2026, 10, 10), D("3100.00"), changes=changes)
        assert bill.amount == D("1000.00")

    def test_outside_the_lease_nothing_is_due(self):
        assert rent_for(OCTOBER, date(2026, 11, 1), FAR, D("3000.00")).amount == 0
        assert rent_for(OCTOBER, LONG_AGO, date(2026, 9, 30), D("3000.00")).amount == 0

    def test_a_quarter_is_the_sum_of_its_months_rounded_once(self):
        # given a lease of 1.00 a month from the 16th of January: 16/31 + 1 + 1
        quarter = Period(date(2026, 1, 1), date(2026, 3, 31))
        bill = rent_for(quarter, date(2026, 1, 16), FAR, D("1.00"))
        assert bill.amount == D("2.52")
        assert sum(line.amount for line in bill.lines) == bill.amount
        assert len(bill.lines) == 3

    def test_half_a_cent_rounds_up(self):
        # 0.31 × 15.5 / 31 never happens by whole days; 0.05 × 3 / 30 = 0.005 does
        assert rent_for(month_of("2026-11"), LONG_AGO, date(2026, 11, 3), D("0.05")).amount == D("0.01")

    def test_a_price_that_changes_in_mid_month_splits_by_days(self):
        prices = [
            MonthlyPrice(LONG_AGO, date(2026, 10, 10), D("310.00")),
            MonthlyPrice(date(2026, 10, 11), FAR, D("620.00")),
        ]
        bill = monthly_charge(OCTOBER, prices)
        assert [line.amount for line in bill.lines] == [D("100.00"), D("420.00")]
        assert bill.amount == D("520.00")

    @given(rent=money, cut=st.integers(1, 30))
    def test_splitting_a_month_between_two_leases_loses_at_most_a_cent(self, rent, cut):
        last = date(2026, 10, cut)
        first = rent_for(OCTOBER, LONG_AGO, last, rent).amount
        second = rent_for(OCTOBER, last + timedelta(days=1), FAR, rent).amount
        assert abs(first + second - rent) <= D("0.01")

    @given(rent=money, start=days, end=days, free=st.integers(0, 90), month=days)
    def test_rent_lies_between_nothing_and_the_monthly_rent_and_its_lines_add_up(
        self, rent, start, end, free, month
    ):
        bill = rent_for(month_of(f"{month:%Y-%m}"), start, end, rent, free)
        assert 0 <= bill.amount <= rent
        assert sum((line.amount for line in bill.lines), D(0)) == bill.amount


class TestMetered:
    def segment(self, units: str, multiplier: str = "1") -> Segment:
        return Segment("W001", D("100"), D("100") + D(units) / D(multiplier), D(multiplier), D(units))

    def test_consumption_times_price(self):
        bill = metered([self.segment("123.5")], D("2.8500"))
        assert bill.amount == D("351.98")  # 351.975
        assert bill.lines[0].description == "W001: 100 → 223.5 × 1"
        assert (bill.lines[0].quantity, bill.lines[0].unit_price) == (D("123.5"), D("2.8500"))

    def test_segments_are_added_before_the_one_rounding(self):
        # given three segments of 0.335 yuan each, which would round to 1.02 one by one
        bill = metered([self.segment("0.335")] * 3, D("1"))
        assert bill.amount == D("1.01")  # 1.005
        assert sum(line.amount for line in bill.lines) == bill.amount

    def test_a_negative_total_is_never_billed(self):
        with pytest.raises(ValueError, match="negative"):
            metered([self.segment("-1")], D("2"))

    @given(st.lists(st.decimals(0, 10_000, places=3), max_size=6), st.decimals(0, 20, places=4))
    def test_lines_add_up_to_the_bill(self, units, price):
        bill = metered([Segment("m", D(0), u, D(1), u) for u in units], price)
        assert sum((line.amount for line in bill.lines), D(0)) == bill.amount


class TestConsumption:
    def test_difference_times_multiplier(self):
        assert consumption(D("100"), D("150.5"), 5, D("40")) == (D("2020.0"), False)

    def test_roll_over_adds_the_modulus(self):
        assert consumption(D("99990"), D("15"), 5, D("1")) == (D("25"), True)

    def test_an_unchanged_dial_used_nothing(self):
        assert consumption(D("7"), D("7"), 5, D("1")) == (D("0"), False)

    @pytest.mark.parametrize(("previous", "current"), [("0", "100000"), ("100000", "1"), ("0", "-1")])
    def test_what_the_dial_cannot_show_is_refused(self, previous, current):
        with pytest.raises(ValueError, match="cannot show"):
            consumption(D(previous), D(current), 5, D("1"))

    @given(st.integers(0, 99_999), st.integers(0, 99_999))
    def test_the_dial_shows_the_reading_after_the_consumption(self, previous, current):
        units, rolled_over = consumption(D(previous), D(current), 5, D(1))
        assert (previous + units) % 100_000 == current
        assert 0 <= units < 100_000
        assert rolled_over == (current < previous)


class TestReadingStatus:
    USUAL = [D("10"), D("12"), D("14")]  # average 12

    def test_the_usual_is_normal(self):
        assert reading_status(D("36"), self.USUAL, False) == ("Normal", "")

    def test_more_than_three_times_the_average_is_held(self):
        status, reason = reading_status(D("36.001"), self.USUAL, False)
        assert status == "Held"
        assert "three times" in reason

    def test_only_the_last_three_periods_count(self):
        assert reading_status(D("36"), [D("1000"), *self.USUAL], False)[0] == "Normal"

    @pytest.mark.parametrize("units", ["0", "-5"])
    def test_zero_and_negative_are_held(self, units):
        assert reading_status(D(units), self.USUAL, False)[0] == "Held"

    def test_a_first_reading_has_nothing_to_be_judged_against(self):
        assert reading_status(D("5000"), [], False) == ("Normal", "")

    def test_a_roll_over_needs_three_periods_of_history(self):
        assert reading_status(D("12"), self.USUAL[:2], True)[0] == "Held"
        assert reading_status(D("12"), self.USUAL, True)[0] == "Normal"

    def test_use_after_three_empty_periods_is_held(self):
        assert reading_status(D("1"), [D(0), D(0), D(0)], False)[0] == "Held"


class TestAmounts:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (Fraction(1, 200), "0.01"),
            (Fraction(-1, 200), "-0.01"),
            (Fraction(1, 3), "0.33"),
            (Fraction(0), "0.00"),
        ],
    )
    def test_half_a_cent_rounds_away_from_zero(self, value, expected):
        assert str(round_cents(value)) == expected

    @given(st.lists(st.decimals(min_value=-10_000, max_value=10_000, places=9), min_size=1, max_size=6))
    def test_decimals_are_rounded_and_spread_as_the_fractions_that_they_are(self, parts):
        assert [round_cents(part) for part in parts] == [round_cents(Fraction(part)) for part in parts]
        assert spread(parts) == spread([Fraction(part) for part in parts])

    @given(
        st.decimals(min_value=0, max_value=10**12, places=9),
        st.decimals(min_value=0, max_value=10**6, places=9),
    )
    def test_a_product_keeps_all_its_digits(self, units, price):
        assert Fraction(times(units, price)) == Fraction(units) * Fraction(price)

    @given(st.lists(st.fractions(-100, 100), max_size=8))
    def test_spread_parts_add_up_and_stay_within_a_cent(self, parts):
        shown = spread(parts)
        assert sum(shown, D(0)) == round_cents(sum(parts, Fraction(0)))
        assert all(
            abs(Fraction(cents) - part) <= Fraction(1, 100) for cents, part in zip(shown, parts, strict=True)
        )

    def test_plain_numbers(self):
        assert [plain(D(text)) for text in ("120.500", "100", "1E+2", "0.000")] == [
            "120.5",
            "100",
            "100",
            "0",
        ]
        assert is_cents(D("1.10")) and not is_cents(D("1.101"))


class TestPriceOfTheDaysUsed:
    RISE = (
        DayPrice(date(2026, 6, 1), date(2026, 6, 19), D("1.00")),
        DayPrice(date(2026, 6, 20), date(2026, 6, 30), D("1.50")),
    )

    def segment(self, units: str) -> Segment:
        return Segment("m", D(0), D(units), D(1), D(units))

    def test_consumption_is_divided_by_the_days_of_each_price(self):
        bill = metered_by_days([Use(self.segment("100"), self.RISE)])
        # 100 × 19 ÷ 30 × 1.00 = 63.333…, 100 × 11 ÷ 30 × 1.50 = 55
        assert bill.amount == D("118.33")
        assert [(line.quantity, line.days, line.amount) for line in bill.lines] == [
            (D("63.333"), 19, D("63.33")),
            (D("36.667"), 11, D("55.00")),
        ]
        assert bill.lines[0].description == "m: 0 → 100 × 1, 2026-06-01 – 2026-06-19 (19/30)"

    def test_one_price_is_billed_as_if_there_were_no_days(self):
        segments = [self.segment(units) for units in ("0.335", "12.5", "0.335")]
        uses = [Use(segment, self.RISE[:1]) for segment in segments]
        assert metered_by_days(uses) == metered(segments, D("1.00"))

    def test_each_segment_has_the_prices_of_its_own_days(self):
        before = Use(self.segment("10"), self.RISE[:1])
        after = Use(self.segment("10"), self.RISE[1:])
        assert metered_by_days([before, after]).amount == D("25.00")

    def test_a_negative_total_is_refused(self):
        with pytest.raises(ValueError, match="negative"):
            metered_by_days([Use(self.segment("-1"), self.RISE)])

    @given(st.decimals(0, 100_000, places=3), st.lists(st.integers(1, 60), min_size=1, max_size=4))
    def test_a_price_that_does_not_change_is_paid_whatever_the_days(self, units, lengths):
        price, start, pieces = D("0.6123"), LONG_AGO, []
        for length in lengths:
            pieces.append(DayPrice(start, start + timedelta(days=length - 1), price))
            start += timedelta(days=length)
        bill = metered_by_days([Use(self.segment(str(units)), pieces)])
        assert bill.amount == round_cents(units * price) == sum(line.amount for line in bill.lines)
