"""What protects browsers: headers, cookies, tokens, verbs, addresses; and who a forwarded request comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from frappe.forwarded import unwrap
from frappe.www.login import on_this_site

from ..conftest import Web, password_of

WHO = "/api/method/frappe.auth.get_logged_user"
PATHS = (
    "/",
    "/login",
    "/nowhere",
    "/api/method/ping",
    "/api/method/nothing",
    "/api/resource/User",
    "/files/x",
    "/assets/frappe/x",
)


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_tells_browsers_what_not_to_do(guest: Web, path: str) -> None:
    for accept in ("text/html", "application/json"):
        headers = guest.get(path, headers={"Accept": accept}).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"].replace("style-src 'unsafe-inline'", "")
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", ["/login", "/nowhere"])
def test_the_pages_of_the_runtime_keep_to_their_own_policy(guest: Web, path: str) -> None:
    page = guest.get(path, headers={"Accept": "text/html"})
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<style" not in page.text
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert guest.get("/assets/frappe/css/pages.css").status_code == 200
    assert guest.get("/assets/frappe/js/login.js").status_code == 200


def test_behind_tls_cookies_are_secure_and_browsers_stay_with_tls(guest: Web) -> None:
    answer = guest.get("/login", headers={"X-Forwarded-Proto": "https"})
    assert "secure" in answer.headers["Set-Cookie"].lower()
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert "secure" not in guest.get("/login").headers["Set-Cookie"].lower()


@pytest.mark.parametrize(
    ("peer", "told", "trusted", "address"),
    [
        ("127.0.0.1", "203.0.113.9", None, "203.0.113.9"),
        ("::1", "203.0.113.9", None, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", None, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9, 127.0.0.2", None, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, nonsense", None, "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6, unknown, 10.0.0.3", ["127.0.0.1", "10.0.0.0/8"], "10.0.0.3"),
        ("127.0.0.1", "203.0.113.9:4711", None, "203.0.113.9"),
        ("127.0.0.1", "[2001:db8::7]:443", None, "2001:db8::7"),
        ("127.0.0.1", "::ffff:203.0.113.9", None, "203.0.113.9"),
        ("127.0.0.1", "", None, "127.0.0.1"),
        ("198.51.100.4", "6.6.6.6", None, "198.51.100.4"),
        ("127.0.0.1", "6.6.6.6", [], "127.0.0.1"),
        ("10.0.0.3", "6.6.6.6, 203.0.113.9, 10.0.0.2", ["10.0.0.0/24"], "203.0.113.9"),
        ("10.0.1.3", "6.6.6.6", ["10.0.0.0/24"], "10.0.1.3"),
    ],
)
def test_only_trusted_proxies_tell_the_client_s_address(
    peer: str, told: str, trusted: list[str] | None, address: str
) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": told}
    unwrap(environ, trusted)
    assert environ == {"REMOTE_ADDR": address}


def test_scheme_and_host_are_believed_as_the_address_is() -> None:
    told = {
        "HTTP_X_FORWARDED_PROTO": "http, https",
        "HTTP_X_FORWARDED_HOST": "evil.example, market.example:8443",
    }
    seen = {"wsgi.url_scheme": "http", "HTTP_HOST": "127.0.0.1:8000"}
    environ: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", **seen, **told}
    unwrap(environ)
    assert (environ["wsgi.url_scheme"], environ["HTTP_HOST"]) == ("https", "market.example:8443")
    environ = {"REMOTE_ADDR": "198.51.100.4", **seen, **told}
    unwrap(environ)
    assert environ == {"REMOTE_ADDR": "198.51.100.4", **seen}
    environ = {
        "REMOTE_ADDR": "127.0.0.1",
        **seen,
        "HTTP_X_FORWARDED_HOST": "a b/<x>",
        "HTTP_X_FORWARDED_PROTO": "javascript",
    }
    unwrap(environ)
    assert environ == {"REMOTE_ADDR": "127.0.0.1", **seen}


def test_what_a_session_remembers_is_the_address_that_the_proxy_saw(
    guest: Web, website_user: str, on_site: Callable
) -> None:
    form = {"usr": website_user, "pwd": password_of(website_user)}
    guest.post("/api/method/login", json=form, headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert on_site(lambda frappe: frappe.db.get_value("User", website_user, "last_ip")) == "203.0.113.9"


def test_log_in_and_log_out_are_posts(guest: Web, website_user: str) -> None:
    form = {"usr": website_user, "pwd": password_of(website_user)}
    for verb in ("GET", "PUT", "DELETE", "HEAD"):
        assert guest(verb, "/api/method/login", query_string=form).status_code == 403
        assert guest.get(WHO).status_code == 403
    guest.login(website_user, form["pwd"])
    assert guest.get("/api/method/logout").status_code == 403
    assert guest.get(WHO).json == {"message": website_user}


def test_a_session_of_earlier_without_a_token_asks_for_it_before_it_writes(
    admin: Web, method: Callable, on_site: Callable
) -> None:
    def give_csrf_token() -> str:
        import frappe

        return frappe.sessions.get_csrf_token()

    def write_something() -> str:
        return "written"

    sid = admin.cookie("sid").value

    def forget(frappe: Any) -> None:
        kept = json.loads(frappe.db.sql("select sessiondata from `tabSessions` where sid = %s", (sid,))[0][0])
        kept.pop("csrf_token")
        frappe.db.sql("update `tabSessions` set sessiondata = %s where sid = %s", (json.dumps(kept), sid))
        frappe.cache.delete_value(f"session:{sid}")

    on_site(forget)
    write = method(write_something)
    assert admin.post(write).status_code == 400
    admin.token = admin.get(method(give_csrf_token)).json["message"]
    assert admin.post(write).json == {"message": "written"}


ELSEWHERE = (
    "//evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "https://evil.example/",
    "https:evil.example",
    "javascript:alert(1)",
    "evil.example",
    "///evil.example",
    "",
)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_log_in_leads_to_no_other_site(guest: Web, address: str) -> None:
    assert on_this_site(address) == "/"
    page = guest.get("/login", query_string={"redirect-to": address}, headers={"Accept": "text/html"})
    assert 'data-target="/"' in page.text


def test_log_in_leads_on_to_a_page_of_the_site(guest: Web) -> None:
    refused = guest.get(f"{WHO}?a=报表&b=2", headers={"Accept": "text/html"})
    link = refused.text.partition('href="/login?')[2].partition('"')[0]
    page = guest.get(f"/login?{link}", headers={"Accept": "text/html"})
    assert f'data-target="{WHO}?a=报表&amp;b=2"' in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/method/{payload}",
        "/api/method/frappe.{payload}",
        "/api/resource/{payload}",
        "/api/resource/Role/{payload}",
        "/api/method/frappe.client.get?doctype=Role&name={payload}",
        "/api/method/frappe.client.get?doctype={payload}&name=x",
        "/api/method/frappe.client.get_list?doctype=Role&fields=[%22{payload}%22]",
        "/api/method/frappe.client.get_list?doctype=Role&filters=[[%22name%22,%22{payload}%22,1]]",
        "/api/method/run_doc_method?method=x&dt=Role&dn={payload}",
        "/api/method/frappe.utils.print_format.download_pdf?doctype=Role&name={payload}",
        "/printview?doctype=Role&name=Guest&format={payload}",
        "/{payload}",
    ],
)
def test_an_error_page_runs_nothing_that_was_sent(admin: Web, guest: Web, path: str) -> None:
    payload = "<img src=x onerror=alert(1)>"
    for browser in (admin, guest):
        page = browser.get(path.format(payload=quote(payload)), headers={"Accept": "text/html"})
        assert page.status_code >= 400
        assert "<img" not in page.text
        assert "&amp;lt;" not in page.text
