from datetime import date

import pytest

from market_mgmt.domain.leases import (
    LAST_DAY,
    Term,
    clash,
    day_after,
    held_between,
    is_plausible,
    may_become,
    rental_status,
)

YEAR = Term("LEASE-1", date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("start", "end", "clashes"),
    [
        (date(2027, 1, 1), date(2027, 12, 31), False),
        (date(2026, 12, 31), date(2027, 12, 31), True),
        (date(2025, 1, 1), date(2025, 12, 31), False),
        (date(2025, 1, 1), date(2026, 1, 1), True),
        (date(2026, 3, 1), date(2026, 3, 31), True),
    ],
)
def test_two_leases_may_not_share_a_day(start, end, clashes):
    assert (clash(Term("LEASE-2", start, end), [YEAR]) == YEAR) is clashes


def test_a_lease_does_not_clash_with_itself():
    assert clash(YEAR, [YEAR]) is None


def test_a_lease_moves_forward_only():
    assert may_become("Draft", "Active")
    assert may_become("Active", "Terminated")
    assert may_become("Ended", "Ended")
    assert not may_become("Draft", "Ended")
    assert not may_become("Ended", "Active")


@pytest.mark.parametrize(
    ("current", "as_of", "expected"),
    [
        ("Vacant", date(2026, 6, 1), "Occupied"),
        ("Closed", date(2026, 12, 31), "Occupied"),
        ("Occupied", date(2027, 1, 1), "Vacant"),
        ("Reserved", date(2027, 1, 1), "Reserved"),
    ],
)
def test_a_stall_is_occupied_while_a_lease_covers_the_day(current, as_of, expected):
    assert rental_status(current, [YEAR], as_of) == expected


@pytest.mark.parametrize(
    ("end", "next_day"),
    [
        (date(2026, 12, 31), date(2027, 1, 1)),
        (date(2028, 2, 28), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 3, 1)),
        (LAST_DAY, None),
        (date.max, None),
    ],
)
def test_a_renewal_begins_the_day_after_if_there_is_one(end, next_day):
    assert day_after(end) == next_day


@pytest.mark.parametrize(
    ("day", "plausible"),
    [(date.max, False), (date.min, False), (LAST_DAY, True), (date(2028, 2, 29), True)],
)
def test_days_of_another_age_are_typing_mistakes(day, plausible):
    assert is_plausible(day) is plausible


@pytest.mark.parametrize(
    ("start", "end", "begins", "between"),
    [
        # nobody, somebody for a while, somebody who came afterwards, the one who was there before
        (date(2027, 1, 1), date(2027, 6, 30), date(2027, 1, 1), False),
        (date(2027, 1, 1), date(2027, 6, 30), date(2027, 7, 1), True),
        (date(2027, 8, 1), date(2027, 12, 31), date(2027, 2, 1), False),
        (date(2025, 1, 1), date(2025, 12, 31), date(2027, 2, 1), False),
    ],
)
def test_a_lease_is_renewed_unless_somebody_had_the_stall_since(start, end, begins, between):
    other = Term("LEASE-2", start, end)
    assert held_between(YEAR, begins, [YEAR, other]) == (other if between else None)
