"""Sign-in codes: how often, how long, how many tries."""

from datetime import datetime, timedelta

import pytest

from cn_connect import sms, sms_codes
from cn_connect.errors import CodeWrong, ConfigMissing, Locked, TooOften

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
    code = sms_codes.issue(phone, PURPOSE, NOW)

    assert len(code) == 6 and code.isdigit()
    sms_codes.verify(phone, PURPOSE, code, who, NOW)
    assert guess(phone, who, code) is CodeWrong


def test_a_code_is_good_for_five_minutes(phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)

    assert guess(phone, who, code, later(minutes=5)) is CodeWrong
    sms_codes.verify(phone, PURPOSE, code, who, later(minutes=4, seconds=59))


def test_a_code_is_for_its_phone_and_purpose(site, phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)

    assert guess("13000000000", who, code) is CodeWrong
    with pytest.raises(CodeWrong):
        sms_codes.verify(phone, "change phone", code, who, NOW)


def test_a_new_code_ends_the_old_one(phone, who):
    old = sms_codes.issue(phone, PURPOSE, NOW)
    new = sms_codes.issue(phone, PURPOSE, later(minutes=1))

    if old != new:
        assert guess(phone, who, old, later(minutes=1)) is CodeWrong
    sms_codes.verify(phone, PURPOSE, new, who, later(minutes=1))


def test_the_phone_may_be_written_in_any_way(phone, who):
    code = sms_codes.issue(f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}", PURPOSE, NOW)

    sms_codes.verify(phone, PURPOSE, f" {code} ", who, NOW)


def test_one_code_a_minute(phone):
    sms_codes.issue(phone, PURPOSE, NOW)

    with pytest.raises(TooOften) as refused:
        sms_codes.issue(phone, PURPOSE, later(seconds=45))

    assert refused.value.retry_after == 15
    sms_codes.issue(phone, PURPOSE, later(seconds=60))


def test_ten_codes_a_day(phone):
    for number in range(10):
        sms_codes.issue(phone, PURPOSE, later(minutes=number))

    with pytest.raises(TooOften, match="10 codes a day"):
        sms_codes.issue(phone, PURPOSE, later(minutes=10))
    sms_codes.issue(phone, PURPOSE, later(days=1))


def test_three_wrong_codes_lock_for_an_hour(phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)

    assert [guess(phone, who, wrong(code)) for _each in range(3)] == [CodeWrong, CodeWrong, Locked]
    with pytest.raises(Locked) as refused:
        sms_codes.verify(phone, PURPOSE, code, who, later(minutes=1))
    assert refused.value.retry_after == 59 * 60


def test_the_lock_ends_after_an_hour(phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)
    for _each in range(3):
        guess(phone, who, wrong(code))

    fresh = sms_codes.issue(phone, PURPOSE, later(hours=1))
    sms_codes.verify(phone, PURPOSE, fresh, who, later(hours=1))


def test_the_lock_is_for_one_subject(site, phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)
    for _each in range(3):
        guess(phone, who, wrong(code))

    sms_codes.verify(phone, PURPOSE, code, f"{who} of somebody else", NOW)


def test_a_right_code_forgives_the_wrong_ones(phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)
    guess(phone, who, wrong(code))
    guess(phone, who, wrong(code))
    sms_codes.verify(phone, PURPOSE, code, who, NOW)

    again = sms_codes.issue(phone, PURPOSE, later(minutes=1))
    assert guess(phone, who, wrong(again), later(minutes=1)) is CodeWrong


def test_many_accounts_together_cannot_guess_one_phones_code(phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)
    for number in range(5):
        guess(phone, f"{who}{number}", wrong(code))

    assert guess(phone, f"{who}6", code) is CodeWrong


def test_a_rollback_gives_no_try_back(site, phone, who):
    code = sms_codes.issue(phone, PURPOSE, NOW)
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

    sms_codes.request(phone, PURPOSE, NOW)

    number, template, (code, minutes), _settings = sent[0]
    assert (number, template, minutes) == (phone, "100", "5")
    sms_codes.verify(phone, PURPOSE, code, who, NOW)


def test_a_phone_that_is_not_on_file_looks_just_the_same(phone, sent, settings_of):
    settings_of(tencent_sms=SETTINGS)

    sms_codes.request(phone, PURPOSE, NOW, deliver=False)

    assert not sent
    with pytest.raises(TooOften):
        sms_codes.request(phone, PURPOSE, later(seconds=1), deliver=False)


def test_a_missing_template_is_named_before_anything_is_counted(phone, settings_of):
    settings_of(tencent_sms={**SETTINGS, "code_template": ""})

    with pytest.raises(ConfigMissing, match="code_template"):
        sms_codes.request(phone, PURPOSE, NOW)
    sms_codes.issue(phone, PURPOSE, NOW)
