"""How long a session lasts, and that it ends for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Web, password_of

WHO = "/api/method/frappe.auth.get_logged_user"


def signed_in(user: str) -> Web:
    browser = Web()
    assert browser.login(user, password_of(user)).status_code == 200
    return browser


def test_a_session_survives_the_loss_of_the_cache(served: str, website_user: str, on_site: Callable) -> None:
    browser = signed_in(website_user)
    on_site(lambda frappe: frappe.cache.delete_keys("session"))
    assert browser.get(WHO).json == {"message": website_user}


def test_a_session_not_used_for_long_ends(
    served: str, website_user: str, on_site: Callable, on_stock: bool
) -> None:
    browser = signed_in(website_user)
    sid = browser.cookie("sid").value

    def make_old(frappe: Any) -> None:
        cache = frappe.cache
        kept = cache.hget("session", sid) if on_stock else cache.get_value(f"session:{sid}")
        kept["data"].update(last_updated="2020-01-01 00:00:00.000000", used_at=0)
        if on_stock:
            cache.hset("session", sid, kept)
        else:
            cache.set_value(f"session:{sid}", kept)

    on_site(make_old)
    answer = browser.get(WHO)
    assert answer.status_code == 403
    assert answer.json["session_expired"] == 1
    on_site(lambda frappe: frappe.cache.delete_keys("session"))
    browser.client.set_cookie("sid", sid)
    assert browser.get(WHO).status_code == 403


def test_a_request_during_the_end_of_a_session_does_not_bring_it_back(
    served: str, website_user: str, on_site: Callable, on_stock: bool
) -> None:
    if on_stock:
        pytest.skip("stock Frappe reads the row that is about to go into its cache")
    browser = signed_in(website_user)

    def end(frappe: Any) -> None:
        frappe.sessions.clear_sessions(website_user)
        # Not committed yet: the row is still there for others.
        assert browser.get(WHO).status_code == 200

    on_site(end)
    assert browser.get(WHO).status_code == 403
