"""How many codes may be asked for and are sent, and whose allowance is used up by whom."""

from datetime import datetime, timedelta

import pytest

from cn_connect import counters, sms_limits
from cn_connect.errors import TooOften

NOW = datetime(2026, 11, 20, 9, 30, 20)


def later(**delta):
    return NOW + timedelta(**delta)


@pytest.fixture(autouse=True)
def _nobody_has_asked(site, monkeypatch):
    monkeypatch.setattr(site.local, "request_ip", "203.0.113.9")
    site.cache.delete_keys("cn_connect:")
    yield
    site.cache.delete_keys("cn_connect:")


def asks(phone, who, now=NOW):
    """Seconds that the account is told to wait; None if it may ask."""
    try:
        sms_limits.admit(phone, who, now)
    except TooOften as refused:
        return refused.retry_after
    return None


def test_one_code_a_minute():
    assert asks("p", "a") is None
    assert asks("p", "a", later(seconds=45)) == 15
    assert asks("p", "a", later(seconds=60)) is None


def test_asking_for_one_phone_does_not_hold_up_others():
    assert asks("p", "a") is None
    assert asks("q", "a") is None
    assert asks("p", "b") is None


def test_an_account_gets_so_many_codes_to_one_phone_a_day():
    allowed = sms_limits.PAIR_PER_DAY
    waits = [asks("p", "a", later(hours=number)) for number in range(allowed + 1)]
    assert waits == [None] * allowed + [(24 - allowed) * 3600]
    assert asks("p", "a", later(hours=24)) is None


def test_an_account_asks_for_few_phones_in_an_hour_and_a_day(monkeypatch):
    waits = [asks(f"p{number}", "a") for number in range(7)]
    assert waits == [None] * sms_limits.ACCOUNT_PER_HOUR + [3600] * 2
    waits = [asks(f"q{number}", "a", later(hours=2)) for number in range(5)]
    assert waits == [None] * 5
    assert asks("r", "a", later(hours=4)) == 20 * 3600


def test_an_address_and_the_site_have_their_limits(site, monkeypatch):
    monkeypatch.setattr(sms_limits, "ADDRESS_PER_HOUR", 3)
    monkeypatch.setattr(sms_limits, "SITE_PER_HOUR", 5)
    assert [asks(f"p{number}", f"a{number}") for number in range(4)] == [None] * 3 + [3600]
    monkeypatch.setattr(site.local, "request_ip", "203.0.113.10")
    assert [asks(f"q{number}", f"b{number}") for number in range(3)] == [None] * 2 + [3600]


def test_a_stranger_s_requests_use_up_nothing_of_the_owner_s():
    # Given a stranger who asks for codes to a phone as often as allowed
    for number in range(20):
        asks("p", "stranger", later(minutes=number))

    # Then its owner may ask at once, and gets them
    for number in range(sms_limits.PAIR_PER_DAY):
        at = later(hours=1, minutes=20 * number)
        assert asks("p", "owner", at) is None
        assert sms_limits.may_send("p", "owner", at)


def test_what_one_phone_gets_is_bounded_but_each_account_s_first_comes(monkeypatch):
    for number in range(sms_limits.PHONE_PER_DAY):
        assert sms_limits.may_send("p", f"stranger {number % 3}", NOW)
    assert not sms_limits.may_send("p", "stranger 0", NOW)
    assert sms_limits.may_send("p", "owner", NOW)
    sent = [sms_limits.may_send("p", f"another {number}", NOW) for number in range(40)]
    assert sent[0] and not sent[-1]
    assert sum(sent) <= sms_limits.PHONE_PER_DAY_OF_MANY - sms_limits.PHONE_PER_DAY
    assert sms_limits.may_send("p", "owner", later(days=1, seconds=1))


def test_what_is_counted_survives_a_rollback(site):
    asks("p", "a")
    site.db.rollback()
    assert asks("p", "a") == 60


def test_a_period_begins_with_its_first_count():
    hour = timedelta(hours=1)
    assert [counters.spend("x", 2, hour, later(minutes=m)) for m in (0, 30, 40, 59)] == [0, 0, 1200, 60]
    assert counters.spend("x", 2, hour, later(minutes=60)) == 0
