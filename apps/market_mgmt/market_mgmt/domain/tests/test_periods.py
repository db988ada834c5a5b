from datetime import date

import pytest

from market_mgmt.domain.periods import (
    Period,
    billed_in,
    days_inclusive,
    month_key,
    month_of,
    months_back,
    months_between,
)


def test_a_month_runs_from_its_first_to_its_last_day():
    assert month_of("2026-10") == Period(date(2026, 10, 1), date(2026, 10, 31))
    assert month_of("2024-02").days == 29
    assert month_key(date(2026, 2, 3)) == "2026-02"


@pytest.mark.parametrize("key", ["2026-13", "2026-1", "2026-00", "202610", "", "2026-10-01", None])
def test_what_is_no_month_is_refused(key):
    with pytest.raises(ValueError, match="not a month"):
        month_of(key)


def test_a_period_cannot_end_before_it_starts():
    with pytest.raises(ValueError, match="ends before"):
        Period(date(2026, 10, 2), date(2026, 10, 1))


def test_both_ends_count():
    assert days_inclusive(date(2026, 10, 1), date(2026, 10, 1)) == 1
    assert days_inclusive(date(2026, 10, 2), date(2026, 10, 1)) == 0


def test_overlap_is_none_when_the_days_do_not_meet():
    october = month_of("2026-10")
    assert october.overlap(date(2026, 10, 20), date(2026, 12, 1)) == Period(
        date(2026, 10, 20), date(2026, 10, 31)
    )
    assert october.overlap(date(2026, 11, 1), date(2026, 11, 30)) is None


def test_months_are_counted_back_over_the_turn_of_the_year():
    assert months_back(date(2026, 12, 31), 0) == date(2026, 12, 1)
    assert months_back(date(2026, 2, 28), 3) == date(2025, 11, 1)
    assert months_back(date(2026, 1, 1), 13) == date(2024, 12, 1)


def test_months_of_a_quarter():
    quarter = Period(date(2026, 11, 15), date(2027, 1, 3))
    assert [month_key(month.start) for month in quarter.months()] == ["2026-11", "2026-12", "2027-01"]


def test_a_cycle_is_billed_in_its_first_month_counted_from_the_start_of_the_lease():
    start = date(2026, 2, 10)
    assert billed_in(month_of("2026-02"), start, "Quarterly") == Period(date(2026, 2, 1), date(2026, 4, 30))
    assert billed_in(month_of("2026-03"), start, "Quarterly") is None
    assert billed_in(month_of("2026-05"), start, "Quarterly") == Period(date(2026, 5, 1), date(2026, 7, 31))
    assert billed_in(month_of("2027-02"), start, "Yearly") == Period(date(2027, 2, 1), date(2028, 1, 31))
    assert billed_in(month_of("2026-03"), start, "Monthly") == month_of("2026-03")
    assert billed_in(month_of("2026-01"), start, "Monthly") is None
    assert months_between(date(2026, 11, 30), date(2027, 2, 1)) == 3
