from datetime import date, datetime

import pytest

from market_mgmt.domain import dunning
from market_mgmt.domain.dunning import allowed_from, blocked, late_fee_notice_due, level_due, quiet


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-30, None),
        (-4, None),
        (-3, "Before Due"),
        (-1, "Before Due"),
        (0, "Due"),
        (1, "Overdue 1"),
        (2, "Overdue 1"),
        (3, "Overdue 3"),
        (6, "Overdue 3"),
        (7, "Red Card"),
        (400, "Red Card"),
    ],
)
def test_the_level_follows_from_the_days_overdue(days, expected):
    level = level_due(days)
    assert (level.name if level else None) == expected


def test_a_level_is_sent_once():
    assert level_due(2, {"Overdue 1"}) is None


def test_after_downtime_only_the_highest_level_due_is_sent():
    # given nothing went out since the reminder before the due date
    assert level_due(5, {"Before Due"}).name == "Overdue 3"
    # then the levels below are not made up for
    assert level_due(5, {"Before Due", "Overdue 3"}) is None


def test_a_level_is_not_sent_when_a_higher_one_was():
    # a fee whose due date moved back does not start the ladder again
    assert level_due(1, {"Overdue 3"}) is None


def test_a_late_fee_notice_does_not_stop_the_ladder():
    assert level_due(1, {"Late Fee"}).name == "Overdue 1"


def test_only_the_third_day_uses_sms_and_voice():
    assert [level.name for level in dunning.LADDER if "SMS" in level.channels] == ["Overdue 3"]
    assert level_due(3).channels == ("SMS", "Voice")


def test_reminders_may_be_switched_off_and_dunning_may_not():
    assert [level.name for level in dunning.LADDER if not level.urgent] == ["Before Due", "Due"]


@pytest.mark.parametrize(
    ("starts", "sent", "due"),
    [
        (date(2026, 11, 9), (), True),
        (date(2026, 11, 8), (), True),
        (date(2026, 11, 10), (), False),
        (None, (), False),
        (date(2026, 11, 9), ("Late Fee",), False),
    ],
)
def test_the_late_fee_notice_goes_out_once_when_late_fees_start(starts, sent, due):
    assert bool(late_fee_notice_due(starts, date(2026, 11, 9), sent)) is due


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("20:59:59", datetime(2026, 11, 9, 20, 59, 59)),
        ("21:00:00", datetime(2026, 11, 10, 8)),
        ("23:59:59", datetime(2026, 11, 10, 8)),
        ("00:00:00", datetime(2026, 11, 9, 8)),
        ("07:59:59", datetime(2026, 11, 9, 8)),
        ("08:00:00", datetime(2026, 11, 9, 8)),
    ],
)
def test_quiet_hours_hold_until_eight(clock, expected):
    now = datetime.fromisoformat(f"2026-11-09 {clock}")
    assert allowed_from(now) == expected
    assert not quiet(expected)


@pytest.mark.parametrize(
    ("is_blocked", "until", "expected"),
    [
        (False, None, False),
        (False, date(2026, 12, 1), False),
        (True, None, True),
        (True, date(2026, 11, 9), True),
        (True, date(2026, 11, 8), False),
    ],
)
def test_a_block_stands_through_its_last_day(is_blocked, until, expected):
    assert blocked(is_blocked, until, date(2026, 11, 9)) is expected
