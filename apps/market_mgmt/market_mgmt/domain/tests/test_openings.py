from datetime import date
from decimal import Decimal

import pytest

from market_mgmt.domain.openings import Opening, presumed_deposit

D = Decimal


@pytest.mark.parametrize(
    ("known", "said", "news"),
    [
        (Opening(), Opening(D(5), D(2)), Opening(D(5), D(2))),
        (Opening(), Opening(D(0), D(0)), Opening(D(0), None)),
        (Opening(D(5), D(2)), Opening(D(4), D(1)), Opening()),
        (Opening(D(5)), Opening(None, D(1)), Opening(None, D(1))),
    ],
)
def test_what_was_recorded_before_is_no_news(known, said, news):
    assert known.news(said) == news


@pytest.mark.parametrize(
    ("begins", "books_since", "known", "moved", "presumed"),
    [
        (date(2024, 1, 1), date(2026, 10, 1), False, False, "5000.00"),
        (date(2024, 1, 1), None, False, False, "5000.00"),
        # begun with the books or after them; recorded; taken or given back
        (date(2026, 10, 1), date(2026, 10, 1), False, False, "0.00"),
        (date(2026, 10, 2), date(2026, 10, 1), False, False, "0.00"),
        (date(2024, 1, 1), date(2026, 10, 1), True, False, "0.00"),
        (date(2024, 1, 1), date(2026, 10, 1), False, True, "0.00"),
    ],
)
def test_a_lease_older_than_the_books_has_paid_its_deposit(begins, books_since, known, moved, presumed):
    amount = presumed_deposit(Decimal("5000.00"), begins, books_since, known, moved)
    assert amount == Decimal(presumed)
