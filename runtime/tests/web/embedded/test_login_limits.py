"""Guessing passwords: who is held back, who is not, and what the answers and their times tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from frappe import login_limits

from ..conftest import Web, password_of, server_messages

PAIR = 10  # System Settings


@pytest.fixture(autouse=True)
def _nobody_has_tried(on_site: Callable) -> None:
    on_site(lambda frappe: frappe.cache.delete_keys("login_"))


@pytest.fixture
def other_user(on_site: Callable, unique: str) -> str:
    def create(frappe: Any) -> str:
        email = f"other-{unique}@example.com"
        return frappe.get_doc(doctype="User", email=email, first_name="O", send_welcome_email=0).insert().name

    return on_site(create)


def sign_in(user: str, password: str, address: str) -> TestResponse:
    form = {"usr": user, "pwd": password, "_lang": "en"}
    return Web().post("/api/method/login", json=form, headers={"X-Forwarded-For": address})


def guess(user: str, address: str, times: int) -> list[int]:
    return [sign_in(user, "wrong", address).status_code for _ in range(times)]


def test_a_locked_account_is_429_and_says_for_how_long(website_user: str, on_site: Callable) -> None:
    errors = on_site(lambda frappe: frappe.db.count("Error Log"))
    assert guess(website_user, "198.51.100.1", PAIR) == [401] * PAIR

    answer = sign_in(website_user, password_of(website_user), "198.51.100.1")

    assert answer.status_code == 429
    assert answer.json["exc_type"] == "SecurityException"
    assert 0 < answer.json["retry_after"] <= login_limits.WINDOW_SECONDS
    assert answer.headers["Retry-After"] == str(answer.json["retry_after"])
    assert server_messages(answer) == ["Too many failed attempts to log in. Please try again in 15 minutes."]
    assert on_site(lambda frappe: frappe.db.count("Error Log")) == errors


def test_a_stranger_locks_nobody_out_elsewhere(website_user: str) -> None:
    guess(website_user, "198.51.100.1", PAIR + 1)
    assert sign_in(website_user, password_of(website_user), "203.0.113.9").status_code == 200


def test_a_name_in_another_case_is_no_other_account(website_user: str) -> None:
    guess(website_user, "198.51.100.1", PAIR)
    assert guess(website_user.upper(), "198.51.100.1", 1) == [429]


def test_many_strangers_do_not_lock_out_who_signed_in_from_there_before(
    website_user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody who has signed in at home before, and 12 tries an hour for everybody else together
    monkeypatch.setattr(login_limits, "PER_ACCOUNT", 12)
    home = "203.0.113.9"
    assert sign_in(website_user, password_of(website_user), home).status_code == 200

    # When strangers guess from many addresses
    codes = [guess(website_user, f"198.51.100.{number}", 1)[0] for number in range(15)]

    # Then they are stopped, and at home one still gets in, but guesses no more than anybody
    assert codes == [401] * 12 + [429] * 3
    assert sign_in(website_user, password_of(website_user), home).status_code == 200
    assert guess(website_user, home, PAIR + 1) == [401] * PAIR + [429]


def test_one_password_over_many_names_is_stopped(monkeypatch: pytest.MonkeyPatch, unique: str) -> None:
    monkeypatch.setattr(login_limits, "PER_ADDRESS", 5)
    codes = [guess(f"{unique}{number}@example.com", "198.51.100.1", 1)[0] for number in range(7)]
    assert codes == [401] * 5 + [429] * 2


def test_addresses_of_one_ipv6_network_are_one(monkeypatch: pytest.MonkeyPatch, unique: str) -> None:
    monkeypatch.setattr(login_limits, "PER_ADDRESS", 5)
    codes = [guess(f"{unique}{number}@example.com", f"2001:db8::{number}", 1)[0] for number in range(7)]
    assert codes == [401] * 5 + [429] * 2


def test_many_names_from_many_addresses_are_stopped(
    website_user: str, other_user: str, monkeypatch: pytest.MonkeyPatch, unique: str
) -> None:
    monkeypatch.setattr(login_limits, "PER_SITE", 6)
    assert sign_in(website_user, password_of(website_user), "203.0.113.9").status_code == 200
    codes = [guess(f"{unique}{n}@example.com", f"198.51.100.{n}", 1)[0] for n in range(8)]
    assert codes == [401] * 6 + [429] * 2
    assert sign_in(website_user, password_of(website_user), "203.0.113.9").status_code == 200


def test_right_passwords_use_nothing_up(website_user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_limits, "PER_ADDRESS", 3)
    for _ in range(5):
        assert sign_in(website_user, password_of(website_user), "203.0.113.9").status_code == 200
    assert guess("nobody@example.com", "203.0.113.9", 4) == [401] * 3 + [429]


def test_a_right_password_ends_the_counting(website_user: str) -> None:
    for _ in range(2):
        guess(website_user, "203.0.113.9", PAIR - 1)
        assert sign_in(website_user, password_of(website_user), "203.0.113.9").status_code == 200


@pytest.mark.parametrize("password", ["x" * 513, "x" * 10_000])
def test_a_password_of_any_length_is_answered(website_user: str, password: str) -> None:
    assert sign_in(website_user, password, "203.0.113.9").status_code == 401


def test_a_request_much_too_large_for_a_log_in_is_413(website_user: str) -> None:
    assert sign_in(website_user, "x" * 5_000_000, "203.0.113.9").status_code == 413


def test_the_work_does_not_tell_whether_a_user_exists(
    other_user: str, website_user: str, on_site: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one with a password, one without, and none at all: one hash of the same strength is computed."""
    from frappe.utils import password

    done: list[str] = []
    usual = password.passlibctx.verify

    def verify(secret: str, stored: str) -> bool:
        done.append(stored.rsplit("$", 2)[0])
        return usual(secret, stored)

    monkeypatch.setattr(password.passlibctx, "verify", verify)

    def check(frappe: Any) -> None:
        for user in (website_user, other_user, "nobody@example.com"):
            with pytest.raises(frappe.AuthenticationError):
                password.check_password(user, "wrong")

    on_site(check)
    assert len(done) == 3
    assert len(set(done)) == 1
    assert done[0].startswith("$pbkdf2-sha256$")
