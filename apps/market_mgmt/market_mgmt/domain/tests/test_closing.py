from datetime import date

import pytest

from market_mgmt.domain.closing import booked_on, closable_from, next_to_close
from market_mgmt.domain.periods import month_of


def test_a_month_stays_open_for_three_days():
    assert closable_from(month_of("2026-10")) == date(2026, 11, 3)


def test_months_are_closed_one_after_the_other():
    assert next_to_close(date(2026, 10, 31), date(2026, 3, 5)) == month_of("2026-11")


def test_the_first_month_closed_is_that_of_the_first_entry():
    assert next_to_close(None, date(2026, 3, 5)) == month_of("2026-03")


def test_without_entries_there_is_nothing_to_close():
    assert next_to_close(None, None) is None


@pytest.mark.parametrize(
    ("day", "closed_through", "booked"),
    [
        (date(2026, 10, 30), None, date(2026, 10, 30)),
        (date(2026, 11, 1), date(2026, 10, 31), date(2026, 11, 1)),
        (date(2026, 10, 31), date(2026, 10, 31), date(2026, 11, 1)),
        (date(2026, 8, 2), date(2026, 10, 31), date(2026, 11, 1)),
    ],
)
def test_what_is_known_late_is_booked_on_the_first_open_day(day, closed_through, booked):
    assert booked_on(day, closed_through) == booked
