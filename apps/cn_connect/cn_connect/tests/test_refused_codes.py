"""How often WeChat is asked about codes that it refuses."""

from datetime import datetime, timedelta

import pytest

from cn_connect import refused_codes
from cn_connect.errors import GatewayRefused, GatewayUnavailable, TooOften

NOW = datetime(2026, 11, 20, 9, 30, 20)


@pytest.fixture(autouse=True)
def _none_refused(site):
    site.cache.delete_keys("cn_connect:refused")
    yield
    site.cache.delete_keys("cn_connect:refused")


def asks(person, error=None, now=NOW):
    """What comes of a question: the error it ends with, or how long to wait before the next."""
    try:
        with refused_codes.counted("sign_in", person, now):
            if error:
                raise error
    except TooOften as refused:
        return refused.retry_after
    except (GatewayRefused, GatewayUnavailable) as refused:
        return type(refused)
    return None


WRONG = GatewayRefused("40029", "invalid code")


def test_after_so_many_refusals_wechat_is_not_asked_for_a_while(monkeypatch):
    monkeypatch.setattr(refused_codes, "PER_PERSON", 3)
    assert [asks("a", WRONG) for _ in range(4)] == [GatewayRefused] * 3 + [900]
    assert asks("a", now=NOW + timedelta(minutes=5)) == 600
    assert asks("b") is None
    assert asks("a", now=NOW + timedelta(minutes=15)) is None


def test_good_codes_and_silence_do_not_count(monkeypatch):
    monkeypatch.setattr(refused_codes, "PER_PERSON", 3)
    assert [asks("a") for _ in range(10)] == [None] * 10
    assert {asks("a", GatewayUnavailable("no answer")) for _ in range(10)} == {GatewayUnavailable}
    assert asks("a") is None


def test_the_site_has_its_limit(monkeypatch):
    monkeypatch.setattr(refused_codes, "PER_SITE", 3)
    assert [asks(f"a{number}", WRONG) for number in range(4)] == [GatewayRefused] * 3 + [900]
