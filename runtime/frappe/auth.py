"""Who is asking: session cookie, log-in form, or `Authorization` header; and the CSRF check."""

from __future__ import annotations

import base64
import hmac
import time
from functools import lru_cache
from typing import Any, NoReturn

from werkzeug.http import dump_cookie

import frappe
import frappe.sessions
from frappe import _
from frappe.context import local
from frappe.login_limits import Attempt
from frappe.utils.password import check_password, get_decrypted_password

SAFE_HTTP_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_PASSWORD_SIZE = 512
_DAY = 24 * 3600
# The same cookie goes out with every answer of a session; only the second in which they expire changes.
_cookie_header = lru_cache(maxsize=128)(dump_cookie)


def identify() -> None:
    """Set up `frappe.local` for the user of this request, who may be logging in by it."""
    local.request_ip = local.request.environ.get("REMOTE_ADDR") or "127.0.0.1"
    manager = LoginManager()
    logging_in = local.request.path == "/api/method/login" and local.request.method == "POST"
    if logging_in:
        frappe.sessions.set_language()
        manager.login()
    elif frappe.sessions.resume():
        remember_session()
    else:
        forget_session()
    local.login_manager = manager
    frappe.sessions.set_language()
    if not logging_in:
        validate_csrf_token()


def validate_csrf_token() -> None:
    """Writes of a browser's session carry its token. A session that was begun without one has to ask for it first."""
    if local.request.method in SAFE_HTTP_METHODS or local.conf.get("ignore_csrf"):
        return
    if local.session.user == "Guest":
        return
    token = local.session.data.get("csrf_token") or ""
    given = local.request.environ.get("HTTP_X_FRAPPE_CSRF_TOKEN") or local.form_dict.pop("csrf_token", None)
    if not token or not hmac.compare_digest(str(given or "").encode(), token.encode()):
        frappe.throw(_("Invalid Request"), frappe.CSRFTokenError)


class LoginManager:
    """Logs in and out."""

    user = "Guest"

    def login(self) -> None:
        """By `usr` and `pwd` of the request."""
        form = local.form_dict
        self.login_as(authenticate(str(form.get("usr") or ""), str(form.get("pwd") or "")))

    def login_as(self, user: str) -> None:
        """Start a session for this user, who has proved identity in another way; hook `on_login` may refuse."""
        self.user = user
        for method in frappe.get_hooks("on_login"):
            frappe.call(method, login_manager=self)
        seen = {"last_active": frappe.utils.now(), "last_ip": local.request_ip}
        frappe.db.set_value("User", user, seen, update_modified=False)
        frappe.set_user(user)
        frappe.sessions.begin(user)
        frappe.db.commit()  # a log-in by GET must last, too
        info = frappe.sessions.user_info(user)
        desk = info.user_type == "System User"
        local.response["message"] = "Logged In" if desk else "No App"
        local.response["home_page"] = "/app" if desk else f"/{(frappe.get_hooks('home_page') or ['me'])[-1]}"
        local.response["full_name"] = info.full_name
        remember_session()

    def logout(self) -> None:
        """End the session of this request."""
        frappe.sessions.delete_session(local.session.sid)
        frappe.set_user("Guest")
        forget_session()
        local.response.update({"message": "No App", "home_page": "/login", "full_name": "Guest"})


def authenticate(user: str, password: str) -> str:
    """The user's name; AuthenticationError tells neither what was wrong nor whether the user exists, nor does its time.

    SecurityException after too many wrong passwords (`frappe.login_limits`).
    """
    if not (user and password):
        _refuse(_("Incomplete login details"))
    if len(password) > MAX_PASSWORD_SIZE:
        _refuse(_("Password size exceeded the maximum allowed size"))
    found = frappe.db.get_value("User", {"name": user}, ["name", "enabled"], as_dict=True)
    user = found.name if found else user
    attempt = Attempt(user)
    attempt.count()
    try:
        check_password(user, password)
    except frappe.AuthenticationError:
        _refuse(_("Invalid login credentials"))
    if not found or (not found.enabled and user != "Administrator"):
        _refuse(_("User disabled or missing"))
    attempt.succeeded()
    return user


def _refuse(message: str) -> NoReturn:
    local.response["message"] = message
    raise frappe.AuthenticationError


def remember_session() -> None:
    """The cookie of the answer: `sid`, which scripts cannot read."""
    seconds = frappe.sessions.expiry_in_seconds()
    safe: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": local.request.scheme == "https"}
    expires = int(time.time()) + seconds
    local.cookie = _cookie_header("sid", local.session.sid, expires=expires, max_age=seconds, **safe)


def forget_session() -> None:
    """Let the browser forget the session that has ended."""
    local.cookie = dump_cookie("sid", expires=int(time.time()) - _DAY)


def validate_auth() -> None:
    """By `Authorization` header; then the `auth_hooks` of the apps, which may refuse whoever it is."""
    _sign_in_by_keys()
    for method in frappe.get_hooks("auth_hooks"):
        frappe.call(method)


def _sign_in_by_keys() -> None:
    """`Authorization: token key:secret` or `Basic base64(key:secret)`; wrong or unknown ones are 401."""
    header = local.request.environ.get("HTTP_AUTHORIZATION", "").split(" ")
    if len(header) != 2 or local.session.user != "Guest":
        return
    user = _user_of_keys(header[0].lower(), header[1])
    if not user:
        raise frappe.AuthenticationError
    form_dict = local.form_dict
    frappe.set_user(user)
    local.form_dict = form_dict


def _user_of_keys(kind: str, credentials: str) -> str | None:
    if kind not in ("basic", "token"):
        return None
    try:
        pair = base64.b64decode(credentials).decode() if kind == "basic" else credentials
        api_key, api_secret = pair.split(":")
    except ValueError:
        return None
    user = frappe.db.get_value("User", {"api_key": api_key, "enabled": 1}, "name")
    secret = get_decrypted_password("User", user, "api_secret", raise_exception=False) if user else None
    return user if secret and hmac.compare_digest(secret.encode(), api_secret.encode()) else None


@frappe.whitelist(allow_guest=False)
def get_logged_user() -> str:
    """Name of the user of this session."""
    return frappe.session.user
