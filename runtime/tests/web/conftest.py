"""HTTP without a server: each request runs `frappe.app.application` in a thread of its own, with real commits.

Frappe keeps its state per thread and destroys it after a request, so the test's thread must not be the request's.
"""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

# Stock Frappe does some things in another way, which the tests in this folder do not accept.
collect_ignore = ["embedded"] if os.environ.get("BENCH_DIR") else []


class Web:
    """One browser: keeps its cookies, and after a log-in sends the session's CSRF token along."""

    def __init__(self) -> None:
        import frappe.app

        self.client = Client(frappe.app.application)
        self.token: str | None = None

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = options.setdefault("headers", {})
        headers.setdefault("Accept", "application/json")
        if self.token:
            headers.setdefault("X-Frappe-CSRF-Token", self.token)
        with ThreadPoolExecutor(1) as thread:
            # Buffered, so that the response is closed (which cleans up) in that thread, too.
            return thread.submit(self.client.open, path, method=method, buffered=True, **options).result()

    def get(self, path: str, **options: Any) -> TestResponse:
        return self("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self("POST", path, **options)

    def login(self, user: str = "Administrator", password: str = "admin") -> TestResponse:
        answer = self.post("/api/method/login", json={"usr": user, "pwd": password})
        if answer.status_code == 200:
            with ThreadPoolExecutor(1) as thread:
                self.token = thread.submit(token_of_session, self.cookie("sid").value).result()
        return answer

    def cookie(self, name: str) -> Any:
        return self.client.get_cookie(name)


def token_of_session(sid: str) -> str | None:
    """The CSRF token that belongs to a session; None where it has none (stock Frappe without the apps)."""
    import frappe
    import frappe.app

    frappe.init(frappe.app._site, sites_path=".", force=True)
    frappe.connect()
    try:
        kept = frappe.db.sql("select sessiondata from `tabSessions` where sid = %s", (sid,))[0][0]
        return json.loads(kept).get("csrf_token")
    except ValueError:
        return None  # stock Frappe writes it in Python's way
    finally:
        frappe.destroy()


def upload(web: Web, name: str, content: bytes, **fields: Any) -> Any:
    return web.post("/api/method/upload_file", data={"file": (io.BytesIO(content), name), **fields})


def server_messages(response: TestResponse) -> list[str]:
    """Texts of `_server_messages`."""
    return [json.loads(entry)["message"] for entry in json.loads(response.json["_server_messages"])]


@pytest.fixture
def served(site: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The worker's site is what the application serves."""
    import frappe.app

    monkeypatch.setattr(frappe.app, "_site", site)
    monkeypatch.setattr(frappe.app, "_sites_path", os.getcwd())
    return site


@pytest.fixture
def web(served: str) -> Callable[[], Web]:
    """Makes new browsers."""
    return Web


@pytest.fixture
def guest(served: str) -> Web:
    return Web()


@pytest.fixture
def admin(served: str) -> Web:
    browser = Web()
    assert browser.login().status_code == 200
    return browser


@pytest.fixture
def on_site(served: str) -> Callable[[Callable[[Any], Any]], Any]:
    """Run a function with the site open (in a thread of its own) and commit."""

    def run(function: Callable[[Any], Any]) -> Any:
        def within() -> Any:
            import frappe

            frappe.init(served, sites_path=".", force=True)
            frappe.connect()
            try:
                result = function(frappe)
                frappe.db.commit()
                return result
            finally:
                frappe.destroy()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(within).result()

    return run


@pytest.fixture
def method(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Publish a function for the length of a test; returns its path."""

    def publish(function: Callable, **options: Any) -> str:
        import frappe
        import frappe.handler

        monkeypatch.setattr(
            frappe.handler, function.__name__, frappe.whitelist(**options)(function), raising=False
        )
        return f"/api/method/{function.__name__}"

    return publish


@pytest.fixture
def unique() -> str:
    return uuid.uuid4().hex[:10]


def password_of(user: str) -> str:
    return "secret-" + user.partition("@")[0]


@pytest.fixture
def website_user(on_site: Callable, unique: str) -> str:
    """A user without access to the office side; its password is `password_of` it."""

    def create(frappe: Any) -> str:
        from frappe.utils.password import update_password

        user = frappe.get_doc(
            doctype="User", email=f"{unique}@example.com", first_name="Web", send_welcome_email=0
        ).insert()
        update_password(user.name, password_of(user.name))
        return user.name

    return on_site(create)


@pytest.fixture
def reader(on_site: Callable, unique: str) -> Callable[..., Web]:
    """Makes a user with the given roles, and a browser in which that user is signed in."""

    def make(*roles: str) -> Web:
        def create(frappe: Any) -> str:
            from frappe.utils.password import update_password

            number = frappe.generate_hash(length=6)
            user = frappe.get_doc(
                doctype="User", email=f"{number}-{unique}@example.com", first_name="X", send_welcome_email=0
            )
            user.insert()
            user.add_roles(*roles)
            update_password(user.name, f"secret-{unique}")
            return user.name

        browser = Web()
        assert browser.login(on_site(create), f"secret-{unique}").status_code == 200
        return browser

    return make
