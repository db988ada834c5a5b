"""Logging in and out, sessions, keys, CSRF: what a client sees."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Web, password_of, server_messages

WHO = "/api/method/frappe.auth.get_logged_user"


def test_a_log_in_answers_who_one_is_and_sets_the_cookie(guest: Web) -> None:
    answer = guest.login()
    assert answer.status_code == 200
    assert answer.json == {"message": "Logged In", "home_page": "/app", "full_name": "Administrator"}
    sid = guest.cookie("sid")
    assert len(sid.value) == 56
    assert sid.http_only
    assert sid.same_site == "Lax"
    assert sid.max_age > 0
    assert guest.get(WHO).json == {"message": "Administrator"}


def test_a_website_user_is_told_that_there_is_no_desk(
    guest: Web, website_user: str, on_site: Callable, unique: str
) -> None:
    home_page = on_site(lambda frappe: "/" + (frappe.get_hooks("home_page") or ["me"])[-1])
    answer = guest.login(website_user.upper(), f"secret-{unique}")
    assert answer.json == {"message": "No App", "home_page": home_page, "full_name": "Web"}
    assert guest.get(WHO).json == {"message": website_user}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"usr": "Administrator", "pwd": "wrong"}, "Invalid login credentials"),
        ({"usr": "nobody@example.com", "pwd": "x"}, "Invalid login credentials"),
        ({"usr": "Administrator"}, "Incomplete login details"),
        ({}, "Incomplete login details"),
    ],
)
def test_a_refused_log_in_is_401_without_cookies(guest: Web, form: dict, message: str) -> None:
    answer = guest.post("/api/method/login", data={**form, "_lang": "en"})
    assert answer.status_code == 401
    assert answer.json["exc_type"] == "AuthenticationError"
    assert answer.json["message"] == message
    assert guest.cookie("sid") is None


def test_a_user_s_name_is_no_search_for_one(guest: Web) -> None:
    answer = guest.post("/api/method/login", json={"usr": ["like", "Admin%"], "pwd": "admin"})
    assert answer.status_code != 200
    assert guest.get(WHO).status_code == 403


def test_a_guest_may_ask_for_a_language_of_the_site(guest: Web, method: Callable) -> None:
    def spoken() -> str:
        import frappe

        return frappe.local.lang

    path = method(spoken, allow_guest=True)
    usual = guest.get(path).json
    assert guest.get(f"{path}?_lang=zh").json == {"message": "zh"}
    assert guest.get(path, headers={"Accept-Language": "de"}).json == usual


def test_too_many_wrong_passwords_lock_the_account(
    guest: Web, website_user: str, on_site: Callable, unique: str
) -> None:
    on_site(
        lambda frappe: frappe.db.set_single_value("System Settings", "allow_consecutive_login_attempts", 3)
    )
    assert guest.login(website_user, "wrong").status_code == 401
    for _attempt in range(3):
        guest.login(website_user, "wrong")
    answer = guest.login(website_user, f"secret-{unique}")
    assert answer.json["exc_type"] == "SecurityException"
    on_site(
        lambda frappe: frappe.db.set_single_value("System Settings", "allow_consecutive_login_attempts", 10)
    )


def test_a_disabled_user_has_no_session_any_more(
    guest: Web, admin: Web, website_user: str, unique: str
) -> None:
    guest.login(website_user, f"secret-{unique}")
    assert admin("PUT", f"/api/resource/User/{website_user}", json={"enabled": 0}).status_code == 200
    answer = guest.get(WHO)
    assert answer.status_code == 403
    assert answer.json["session_expired"] == 1
    assert guest.login(website_user, f"secret-{unique}").status_code == 401


def test_logging_out_ends_the_session_on_the_server(admin: Web) -> None:
    sid = admin.cookie("sid").value
    answer = admin.post("/api/method/logout")
    assert answer.status_code == 200
    assert answer.json["full_name"] == "Guest"
    stolen = Web()
    stolen.client.set_cookie("sid", sid)
    assert stolen.get(WHO).status_code == 403


def test_an_unknown_sid_makes_a_guest_and_clears_the_cookie(guest: Web) -> None:
    guest.client.set_cookie("sid", "deadbeef")
    answer = guest.get("/api/method/ping")
    assert answer.json == {"session_expired": 1, "message": "pong"}
    assert not guest.cookie("sid").value


def test_a_guest_gets_403_from_methods_that_are_not_for_guests(guest: Web) -> None:
    answer = guest.get(WHO)
    assert answer.status_code == 403
    assert answer.json["exc_type"] == "PermissionError"
    assert "frappe.auth.get_logged_user" in server_messages(answer)[0]


@pytest.fixture
def keys(on_site: Callable, website_user: str) -> str:
    """`key:secret` of the website user."""

    def create(frappe: Any) -> str:
        user = frappe.get_doc("User", website_user)
        user.api_key, user.api_secret = frappe.generate_hash(length=15), frappe.generate_hash(length=15)
        secret = user.api_secret
        user.save()
        return f"{user.api_key}:{secret}"

    return on_site(create)


def test_a_key_and_secret_stand_for_their_user(guest: Web, keys: str, website_user: str) -> None:
    basic = base64.b64encode(keys.encode()).decode()
    for header in (f"token {keys}", f"Token {keys}", f"Basic {basic}"):
        assert guest.get(WHO, headers={"Authorization": header}).json == {"message": website_user}


@pytest.mark.parametrize("header", ["token a:b", "token ab", "Basic !!!", "Bearer zzz", "Foo bar"])
def test_wrong_credentials_are_401_even_where_guests_may_go(guest: Web, header: str) -> None:
    answer = guest.get("/api/method/ping", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json["exc_type"] == "AuthenticationError"


def test_a_wrong_secret_of_a_right_key_is_401(guest: Web, keys: str) -> None:
    answer = guest.get(WHO, headers={"Authorization": f"token {keys.split(':')[0]}:wrong"})
    assert answer.status_code == 401


def test_writes_of_a_session_carry_its_csrf_token(admin: Web, method: Callable) -> None:
    def give_csrf_token() -> str:
        import frappe

        return frappe.sessions.get_csrf_token()

    def write_something() -> str:
        return "written"

    read, write = method(give_csrf_token), method(write_something)
    token = admin.get(read).json["message"]
    admin.token = None
    refused = admin.post(write)
    assert refused.status_code == 400
    assert refused.json["exc_type"] == "CSRFTokenError"
    assert "exc" not in refused.json
    assert admin.post(write, headers={"X-Frappe-CSRF-Token": token}).json == {"message": "written"}
    assert admin.post(write, json={"csrf_token": token}).json == {"message": "written"}
    assert admin.post(write, headers={"X-Frappe-CSRF-Token": "other"}).status_code == 400
    assert admin.post(write, json={"csrf_token": ["other"]}).status_code == 400
    assert admin.get(write).json == {"message": "written"}


def test_keys_and_guests_need_no_csrf_token(guest: Web, keys: str, method: Callable) -> None:
    def write_something() -> str:
        return "written"

    path = method(write_something, allow_guest=True)
    assert guest.post(path).json == {"message": "written"}
    assert guest.post(path, headers={"Authorization": f"token {keys}"}).json == {"message": "written"}


def test_signing_in_again_needs_no_csrf_token(admin: Web, website_user: str) -> None:
    admin.token = None
    assert admin.login(website_user, password_of(website_user)).status_code == 200
    assert admin.get(WHO).json == {"message": website_user}


def test_signing_in_as_a_user_proved_otherwise(guest: Web, website_user: str, method: Callable) -> None:
    def sign_in(user: str) -> None:
        import frappe

        frappe.local.login_manager.login_as(user)

    path = method(sign_in, allow_guest=True, methods=["POST"])
    assert guest.post(path, json={"user": website_user}).status_code == 200
    assert guest.get(WHO).json == {"message": website_user}
