"""Passwords that people may choose, and hooks that may refuse a log-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from frappe.utils import password_policy

from ..conftest import Web, password_of, server_messages

TOO_EASY = (
    "",
    "short_7",
    "12345678",
    "123456789012",
    "88888888",
    "password",
    "Password123",
    "qwertyuiop",
    "1qaz2wsx",
    "abcd1234",
    "aaaaaaaaaaaa",
    "administrator",
    "woaini1314",
    "5201314520",
    "Aa123456",
    "20261201",
    "Li.Si@Example.com",
)


@pytest.mark.parametrize("password", TOO_EASY)
def test_what_is_guessed_first_is_refused(on_site: Callable, password: str) -> None:
    def check(frappe: Any) -> None:
        with pytest.raises(frappe.ValidationError):
            password_policy.check(password, ["li.si@example.com", "李四"])

    on_site(check)


@pytest.mark.parametrize(
    "password", ["caishichang2026", "Kx7_veranda", "三只黑猫在屋顶上", "x" * 10 + "Kx7_veranda" * 50]
)
def test_others_may_be_used(on_site: Callable, password: str) -> None:
    on_site(lambda frappe: password_policy.check(password, ["li.si@example.com", "李四"]))


def test_a_new_user_and_a_changed_password_are_judged(admin: Web, unique: str) -> None:
    new = {"email": f"{unique}@example.com", "first_name": "New", "send_welcome_email": 0}
    refused = admin.post("/api/resource/User", json={**new, "new_password": "12345678"})
    assert refused.status_code == 417
    assert server_messages(refused)
    assert (
        admin.post("/api/resource/User", json={**new, "new_password": f"{unique}@example.com"}).status_code
        == 417
    )
    assert admin.post("/api/resource/User", json={**new, "new_password": "Kx7_veranda"}).status_code == 200
    assert Web().login(new["email"], "Kx7_veranda").status_code == 200

    path = f"/api/resource/User/{new['email']}"
    assert admin("PUT", path, json={"new_password": "password1"}).status_code == 417
    assert Web().login(new["email"], "Kx7_veranda").status_code == 200


def test_an_app_may_refuse_a_log_in(
    guest: Web, website_user: str, monkeypatch: pytest.MonkeyPatch, on_site: Callable
) -> None:
    import frappe

    asked: list[str] = []
    usual = frappe.get_hooks

    def refuse(login_manager: Any) -> None:
        asked.append(login_manager.user)
        raise frappe.AuthenticationError

    def hooks(name: str, *arguments: Any, **named: Any) -> Any:
        return [refuse] if name == "on_login" else usual(name, *arguments, **named)

    monkeypatch.setattr(frappe, "get_hooks", hooks)
    assert guest.login(website_user, password_of(website_user)).status_code == 401
    assert asked == [website_user]
    assert guest.cookie("sid") is None
