from datetime import date, datetime

import pytest

from market_mgmt.domain.red_card import NotAllowed, lift_seconds, oldest_new_arrears, on_settlement, step


@pytest.mark.parametrize(
    ("current", "wanted"), [("Drafted", "Published"), ("Drafted", "Rejected"), ("Published", "Lifted")]
)
def test_the_steps_a_card_may_take(current, wanted):
    assert step(current, wanted) == wanted


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        ("Drafted", "Lifted"),
        ("Published", "Rejected"),
        ("Published", "Published"),
        ("Lifted", "Published"),
        ("Rejected", "Published"),
        ("Unheard of", "Published"),
    ],
)
def test_every_other_step_is_refused(current, wanted):
    with pytest.raises(NotAllowed):
        step(current, wanted)


def test_settling_lifts_a_published_card_and_drops_a_draft():
    assert on_settlement("Published") == "Lifted"
    assert on_settlement("Drafted") == "Rejected"
    with pytest.raises(NotAllowed):
        on_settlement("Lifted")


OCTOBER, NOVEMBER = date(2026, 10, 8), date(2026, 11, 8)


@pytest.mark.parametrize(("as_of", "expected"), [(date(2026, 11, 14), None), (date(2026, 11, 15), NOVEMBER)])
def test_a_card_is_due_on_the_seventh_day(as_of, expected):
    assert oldest_new_arrears([NOVEMBER], as_of, None) == expected


def test_a_card_names_the_oldest_arrears():
    assert oldest_new_arrears([NOVEMBER, OCTOBER], date(2026, 11, 15), None) == OCTOBER


def test_a_rejected_card_stands_until_another_fee_reaches_the_seventh_day():
    # given the card for October was rejected the day after it was drafted
    decided_on = date(2026, 10, 15)
    # then October alone calls for no other
    assert oldest_new_arrears([OCTOBER], date(2026, 11, 15), decided_on) is None
    # but November does, and the card shows since when money is owed
    assert oldest_new_arrears([OCTOBER, NOVEMBER], date(2026, 11, 15), decided_on) == OCTOBER


def test_the_delay_is_computed_by_subtraction():
    settled = datetime(2026, 11, 16, 9, 0, 0)
    assert lift_seconds(settled, datetime(2026, 11, 16, 9, 0, 0, 250000)) == 0.25
