"""How a refund may move, and how often WeChat is asked about it."""

from datetime import datetime, timedelta

import pytest

from market_mgmt.domain import refund as rules

SENT = datetime(2026, 11, 5, 10, 0, 30)


@pytest.mark.parametrize("ended", [rules.SUCCEEDED, rules.FAILED, rules.REJECTED])
def test_what_has_ended_stays(ended):
    assert not any(rules.may_become(ended, other) for other in rules.TRANSITIONS)


def asked(within: timedelta, since: timedelta = timedelta()) -> int:
    """How often WeChat is asked by a job that runs every minute."""
    minutes = range(int(since.total_seconds() // 60), int(within.total_seconds() // 60))
    return sum(rules.is_asked_about(SENT, SENT + timedelta(minutes=minute)) for minute in minutes)


def test_wechat_is_asked_less_and_less_often():
    assert asked(timedelta(minutes=5)) == 5
    assert asked(timedelta(hours=1), since=timedelta(minutes=6)) == 5
    assert asked(timedelta(days=1), since=timedelta(hours=1)) == 46
