"""Sign-in codes: how long, how many tries, whose; and how they are sent."""

from datetime import datetime, timedelta

import pytest

from cn_connect import counters, sms, sms_codes
from cn_connect.errors import CodeWrong, ConfigMissing, GatewayRefused, GatewayUnavailable, Locked

NOW = datetime(2026, 11, 20, 9, 30, 20)
PURPOSE = "bind"


def later(**delta):
    return NOW + timedelta(**delta)


@pytest.fixture
def phone(site):
    """A number of this test alone: the counters outlive a rollback."""
    return f"139{int(site.generate_hash(length=8), 16) % 10**8:08d}"


@pytest.fixture
def who(site):
    return f"{site.generate_hash()}|A-101"


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def guess(phone, who, code, now=NOW):
    with pytest.raises((CodeWrong, Locked)) as refused:
        sms_codes.verify(phone, PURPOSE, code, who, now)
    return type(refused.value)


def test_a_code_has_six_digits_and_is_accepted_once(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)

    assert len(code) == 6 and code.isdigit()
    sms_codes.verify(phone, PURPOSE, code, who, NOW)
    assert guess(phone, who, code) is CodeWrong


def test_a_code_is_good_for_five_minutes(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)

    assert guess(phone, who, code, later(minutes=5)) is CodeWrong
    sms_codes.verify(phone, PURPOSE, code, who, later(minutes=4, seconds=59))


def test_a_code_is_for_its_phone_and_purpose(site, phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)

    assert guess("13000000000", who, code) is CodeWrong
    with pytest.raises(CodeWrong):
        sms_codes.verify(phone, "change phone", code, who, NOW)


def test_a_new_code_ends_the_old_one(phone, who):
    old = sms_codes.issue(phone, PURPOSE, who, NOW)
    new = sms_codes.issue(phone, PURPOSE, who, later(minutes=1))

    if old != new:
        assert guess(phone, who, old, later(minutes=1)) is CodeWrong
    sms_codes.verify(phone, PURPOSE, new, who, later(minutes=1))


def test_the_phone_may_be_written_in_any_way(phone, who):
    code = sms_codes.issue(f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}", PURPOSE, who, NOW)

    sms_codes.verify(phone, PURPOSE, f" {code} ", who, NOW)


def test_three_wrong_codes_lock_for_an_hour(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)

    assert [guess(phone, who, wrong(code)) for _each in range(3)] == [CodeWrong, CodeWrong, Locked]
    with pytest.raises(Locked) as refused:
        sms_codes.verify(phone, PURPOSE, code, who, later(minutes=1))
    assert refused.value.retry_after == 59 * 60


def test_the_lock_ends_after_an_hour(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)
    for _each in range(3):
        guess(phone, who, wrong(code))

    fresh = sms_codes.issue(phone, PURPOSE, who, later(hours=1))
    sms_codes.verify(phone, PURPOSE, fresh, who, later(hours=1))


def test_the_lock_is_for_one_subject(site, phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)
    for _each in range(3):
        guess(phone, who, wrong(code))

    other = sms_codes.issue(phone, "another stall", who, NOW)
    sms_codes.verify(phone, "another stall", other, who, NOW)


def test_a_right_code_forgives_the_wrong_ones(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)
    guess(phone, who, wrong(code))
    guess(phone, who, wrong(code))
    sms_codes.verify(phone, PURPOSE, code, who, NOW)

    again = sms_codes.issue(phone, PURPOSE, who, later(minutes=1))
    assert guess(phone, who, wrong(again), later(minutes=1)) is CodeWrong


def test_wrong_codes_of_others_do_not_end_the_owner_s_code(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)
    for number in range(8):
        guess(phone, f"{who}{number}", wrong(code))

    sms_codes.verify(phone, PURPOSE, code, who, NOW)


def test_a_code_that_others_ask_for_does_not_end_the_owner_s(phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)
    other = sms_codes.issue(phone, PURPOSE, "a stranger", NOW)

    sms_codes.verify(phone, PURPOSE, code, who, NOW)
    if other != code:
        assert guess(phone, who, other) is CodeWrong


def test_a_rollback_gives_no_try_back(site, phone, who):
    code = sms_codes.issue(phone, PURPOSE, who, NOW)
    for _each in range(3):
        guess(phone, who, wrong(code))
        site.db.rollback()

    assert guess(phone, who, code) is Locked


# Sending

SETTINGS = {"secret_id": "i", "secret_key": "k", "app_id": "1", "sign_name": "菜篮子", "code_template": "100"}


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(sms, "send", lambda *args: messages.append(args))
    return messages


def test_the_code_goes_out_by_its_template(phone, who, sent, settings_of):
    settings_of(tencent_sms=SETTINGS)

    sms_codes.admit(phone, who, NOW)
    sms_codes.send(phone, PURPOSE, who, NOW)

    number, template, (code, minutes), _settings = sent[0]
    assert (number, template, minutes) == (phone, "100", "5")
    sms_codes.verify(phone, PURPOSE, code, who, NOW)


def test_a_missing_template_is_named_before_anything_is_counted(phone, who, settings_of):
    settings_of(tencent_sms={**SETTINGS, "code_template": ""})

    with pytest.raises(ConfigMissing, match="code_template"):
        sms_codes.admit(phone, who, NOW)
    settings_of(tencent_sms=SETTINGS)
    sms_codes.admit(phone, who, NOW)


@pytest.mark.parametrize(
    ("error", "times"),
    [(GatewayUnavailable("no answer"), 2), (GatewayRefused("LimitExceeded", "too many"), 1)],
)
def test_what_the_gateway_refuses_is_logged_and_shown_to_nobody(
    site, phone, who, monkeypatch, settings_of, error, times
):
    settings_of(tencent_sms=SETTINGS)
    counters.forget("sms_code_alarm")
    tries, before = [], site.db.count("Error Log")

    def refuse(*args):
        tries.append(args)
        raise error

    monkeypatch.setattr(sms, "send", refuse)
    sms_codes.send(phone, PURPOSE, who, NOW)
    sms_codes.send(phone, PURPOSE, who, later(minutes=1))

    assert len(tries) == 2 * times
    assert site.db.count("Error Log") == before + 1
