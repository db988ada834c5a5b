"""Who is asking: session cookie, log-in form, or `Authorization` header; and the CSRF check."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from functools import lru_cache
from typing import Any

from werkzeug.http import dump_cookie
from werkzeug.wrappers import Response

import frappe
import frappe.sessions
from frappe import _
from frappe.context import local
from frappe.utils.password import check_password, get_decrypted_password

SAFE_HTTP_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DAY = 24 * 3600
_LOGIN_PATHS = ("/api/method/login", "/api/v1/method/login")
# The same cookies go out with every answer; only the second in which they expire changes.
_cookie_header = lru_cache(maxsize=1024)(dump_cookie)


def identify() -> None:
    """Set up `frappe.local` for the user of this request, who may be logging in by it."""
    environ = local.request.environ
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    local.request_ip = (forwarded or environ.get("REMOTE_ADDR") or "127.0.0.1").split(",")[0].strip()
    local.cookie_manager, manager = CookieManager(), LoginManager()
    if local.form_dict.get("cmd") == "login" or local.request.path in _LOGIN_PATHS:
        frappe.sessions.set_language()
        manager.login()
    else:
        frappe.sessions.resume()
        manager.user = local.session.user
        manager.set_user_info(resume=True)
    local.login_manager = manager  # only now: a refused log-in sets no cookies
    frappe.sessions.set_language()
    validate_csrf_token()


def validate_csrf_token() -> None:
    """Only a session that was ever given a token is held to it (as Frappe does)."""
    if local.request.method in SAFE_HTTP_METHODS or local.conf.get("ignore_csrf"):
        return
    token = local.session.data.get("csrf_token")
    if not token or local.session.user == "Guest":
        return
    given = local.form_dict.pop("csrf_token", None)
    if (local.request.environ.get("HTTP_X_FRAPPE_CSRF_TOKEN") or given) != token:
        local.flags.disable_traceback = True
        frappe.throw(_("Invalid Request"), frappe.CSRFTokenError)


class LoginManager:
    """Logs in and out."""

    user: str | None = None

    def login(self) -> None:
        """By `usr` and `pwd` of the request."""
        self.authenticate()
        self.post_login()

    def login_as(self, user: str) -> None:
        """Start a session for this user, who has proved identity in another way."""
        self.user = user
        self.post_login()

    def authenticate(self, user: str | None = None, pwd: str | None = None) -> None:
        """Check a password; AuthenticationError tells neither what was wrong nor whether the user exists."""
        user = user or local.form_dict.get("usr")
        pwd = pwd or local.form_dict.get("pwd")
        if not (user and pwd):
            self.fail(_("Incomplete login details"))
        tracker = LoginAttemptTracker(str(user).lower())
        tracker.raise_if_locked()
        found = frappe.db.get_value("User", {"name": user}, ["name", "enabled"], as_dict=True)
        try:
            self.user = check_password(found.name if found else user, pwd)
        except frappe.AuthenticationError:
            tracker.add_failure()
            self.fail("Invalid login credentials")
        if not found or (not found.enabled and found.name != "Administrator"):
            self.fail("User disabled or missing")
        tracker.clear()

    def fail(self, message: str) -> None:
        local.response["message"] = message
        raise frappe.AuthenticationError

    def post_login(self) -> None:
        assert self.user
        self.run_trigger("on_login")
        seen = {"last_active": frappe.utils.now(), "last_ip": local.request_ip}
        frappe.db.set_value("User", self.user, seen, update_modified=False)
        frappe.set_user(self.user)
        frappe.sessions.begin(self.user)
        frappe.db.commit()  # a log-in by GET must last, too
        self.set_user_info()
        self.run_trigger("on_session_creation")

    def set_user_info(self, resume: bool = False) -> None:
        """What the log-in answer and the readable cookies tell."""
        info = frappe.sessions.user_info(self.user or "Guest")
        if not resume and self.user != "Guest":
            desk = info.user_type == "System User"
            local.response["message"] = "Logged In" if desk else "No App"
            local.response["home_page"] = (
                "/app" if desk else f"/{(frappe.get_hooks('home_page') or ['me'])[-1]}"
            )
            local.response["full_name"] = info.full_name
        local.cookie_manager.init_cookies(info)

    def run_trigger(self, event: str) -> None:
        for method in frappe.get_hooks(event):
            frappe.call(frappe.get_attr(method), login_manager=self)

    def logout(self) -> None:
        """End the session of this request."""
        self.run_trigger("on_logout")
        frappe.sessions.delete_session(local.session.sid)
        local.cookie_manager.clear()
        frappe.set_user("Guest")
        self.user = "Guest"
        local.cookie_manager.init_cookies(frappe.sessions.user_info("Guest"))
        local.response.update({"message": "No App", "home_page": "/login", "full_name": "Guest"})


class CookieManager:
    """Collects the cookies of a response."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, Any]] = {}
        self.cleared = False

    def init_cookies(self, info: Any) -> None:
        seconds = frappe.sessions.get_expiry_in_seconds(local.session.data.get("session_expiry"))
        expires = int(time.time()) + seconds
        self.set_cookie("sid", local.session.sid, expires=expires, max_age=seconds, httponly=True)
        self.set_cookie("system_user", "yes" if info.user_type == "System User" else "no")
        self.set_cookie("full_name", info.full_name or "")
        self.set_cookie("user_id", info.name)
        self.set_cookie("user_image", info.user_image or "")

    def set_cookie(self, key: str, value: str, **options: Any) -> None:
        """`options` as werkzeug's `set_cookie` takes them."""
        self.cookies[key] = {"value": value, "samesite": "Lax", **options}

    def clear(self) -> None:
        """Let the browser forget the session; after the cookies that this request sets."""
        self.cleared = True

    def flush_cookies(self, response: Response) -> None:
        secure = local.request.scheme == "https"
        for key, options in self.cookies.items():
            response.headers.add("Set-Cookie", _cookie_header(key, **{"secure": secure, **options}))
        if self.cleared:
            for key in ("sid", "full_name", "system_user", "user_id", "user_image"):
                response.headers.add("Set-Cookie", dump_cookie(key, expires=int(time.time()) - _DAY))


class LoginAttemptTracker:
    """Locks an account for a while after too many wrong passwords; counted in the shared cache."""

    def __init__(self, key: str) -> None:
        settings = frappe.get_system_settings
        self.limit = frappe.utils.cint(settings("allow_consecutive_login_attempts"))
        self.seconds = frappe.utils.cint(settings("allow_login_after_fail")) or 60
        self.key = frappe.cache.make_key(f"login_failed:{key}")

    def raise_if_locked(self) -> None:
        failures = int(frappe.cache.get(self.key) or 0)
        if self.limit and failures > self.limit:
            frappe.throw(
                _("Your account has been locked and will resume after {0} seconds").format(self.seconds),
                frappe.SecurityException,
            )

    def add_failure(self) -> None:
        if self.limit:
            frappe.cache.incrby(self.key, 1)
            frappe.cache.expire(self.key, self.seconds)

    def clear(self) -> None:
        frappe.cache.delete(self.key)


def validate_auth() -> None:
    """`Authorization: token key:secret` or `Basic base64(key:secret)`; wrong or unknown ones are 401."""
    header = local.request.environ.get("HTTP_AUTHORIZATION", "").split(" ")
    if len(header) != 2 or local.request.method == "OPTIONS":
        return
    if local.session.user == "Guest":
        validate_auth_via_api_keys(*header)
    if local.session.user == "Guest":
        raise frappe.AuthenticationError


def validate_auth_via_api_keys(kind: str, credentials: str) -> None:
    if kind.lower() not in ("basic", "token"):
        return
    try:
        pair = base64.b64decode(credentials).decode() if kind.lower() == "basic" else credentials
        api_key, api_secret = pair.split(":")
    except (ValueError, binascii.Error):
        raise frappe.AuthenticationError from None
    user = frappe.db.get_value("User", {"api_key": api_key, "enabled": 1}, "name")
    secret = get_decrypted_password("User", user, "api_secret", raise_exception=False) if user else None
    if not secret or not hmac.compare_digest(secret.encode(), api_secret.encode()):
        raise frappe.AuthenticationError
    form_dict = local.form_dict
    frappe.set_user(user)
    local.form_dict = form_dict
    local.login_manager.user = user


@frappe.whitelist(allow_guest=False)
def get_logged_user() -> str:
    """Name of the user of this session."""
    return frappe.session.user
