"""The hooks around requests: what an answer carries, how a session gets its token, which verbs sign in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.wrappers import Response

from cn_connect import browsers


@pytest.fixture
def asked(site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the request that is being answered."""
    import frappe

    def ask(method: str, path: str, **arguments: str) -> Any:
        request = SimpleNamespace(method=method, path=path, scheme=arguments.pop("scheme", "http"))
        monkeypatch.setattr(frappe.local, "request", request, raising=False)
        monkeypatch.setattr(frappe.local, "form_dict", frappe._dict(arguments))
        return request

    return ask


@pytest.fixture
def session(site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody's session of a browser."""
    import frappe

    held = frappe._dict(user="Administrator", sid="0123456789", data=frappe._dict())
    monkeypatch.setattr(frappe.local, "session", held)
    monkeypatch.setattr(frappe.flags, "in_test", True)
    return held


def headers_of(request: Any, response: Response | None = None) -> Any:
    response = response or Response("x", mimetype="text/html")
    browsers.after_request(response=response, request=request)
    return response.headers


@pytest.mark.parametrize("path", ["/verify", "/verify/"])
def test_own_pages_run_nothing_but_files(asked: Any, path: str) -> None:
    headers = headers_of(asked("GET", path))
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in headers


def test_all_other_answers_are_framed_by_nobody_else(asked: Any) -> None:
    headers = headers_of(asked("GET", "/app/stall", scheme="https"))
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_what_an_answer_says_itself_stays(asked: Any) -> None:
    strict = Response("x", headers={"Content-Security-Policy": "sandbox"})
    assert headers_of(asked("GET", "/files/a.svg"), strict)["Content-Security-Policy"] == "sandbox"
    browsers.after_request(response=None, request=asked("GET", "/"))


def test_a_session_gets_its_token_with_its_first_request(asked: Any, session: Any) -> None:
    asked("GET", "/app")
    browsers.before_request()
    token = session.data.csrf_token
    assert token == browsers.csrf_token()
    asked("POST", "/api/method/frappe.client.save")
    browsers.before_request()
    assert session.data.csrf_token == token


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_session_without_a_token_does_not_write(asked: Any, session: Any, method: str) -> None:
    import frappe

    asked(method, "/api/resource/ToDo")
    with pytest.raises(frappe.CSRFTokenError):
        browsers.before_request()
    assert session.data.csrf_token


def test_who_has_just_signed_in_has_a_token(asked: Any, session: Any) -> None:
    asked("POST", "/api/method/login", usr="a", pwd="b")
    browsers.before_request()
    assert session.data.csrf_token


def test_guests_and_keys_have_none(asked: Any, session: Any) -> None:
    asked("POST", "/api/method/ping")
    for user in ("Guest", "Administrator"):
        session.update(user=user, sid=user)
        browsers.before_request()
        assert browsers.csrf_token() is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/api/method/login", {"usr": "a", "pwd": "b"}),
        ("/api/method/logout", {}),
        ("/api/method/web_logout", {}),
        ("/", {"cmd": "web_logout"}),
        ("/", {"cmd": "login", "usr": "a", "pwd": "b"}),
    ],
)
def test_signing_in_and_out_are_posts(
    asked: Any, session: Any, monkeypatch: pytest.MonkeyPatch, method: str, path: str, arguments: dict
) -> None:
    import frappe

    ended: list[str] = []
    manager = SimpleNamespace(logout=lambda: ended.append(frappe.session.sid))
    monkeypatch.setattr(frappe.local, "login_manager", manager, raising=False)
    asked(method, path, **arguments)
    with pytest.raises(frappe.PermissionError):
        browsers.before_request()
    # Stock Frappe has signed in by then; that session is taken back.
    assert bool(ended) == ("login" in (arguments.get("cmd"), path.rpartition("/")[2]))
