"""Who is asking: session cookie, log-in form, or `Authorization` header; and the CSRF check."""

from __future__ import annotations

import base64
import binascii
import datetime
import hmac
from typing import Any

from werkzeug.wrappers import Response

import frappe
import frappe.sessions
from frappe import _
from frappe.utils.password import check_password, get_decrypted_password

SAFE_HTTP_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DAY = datetime.timedelta(days=1)


class HTTPRequest:
    """Sets up `frappe.local` for the user of this request."""

    def __init__(self) -> None:
        request = frappe.local.request
        forwarded = request.headers.get("X-Forwarded-For")
        remote = request.remote_addr or "127.0.0.1"
        frappe.local.request_ip = forwarded.split(",")[0].strip() if forwarded else remote
        frappe.local.cookie_manager = CookieManager()
        frappe.local.login_manager = None
        frappe.sessions.set_language("Guest")
        frappe.local.login_manager = LoginManager()
        frappe.sessions.set_language(frappe.session.user)
        self.validate_csrf_token()

    def validate_csrf_token(self) -> None:
        """Only a session that was ever given a token is held to it (as Frappe does)."""
        request = frappe.local.request
        if request.method in SAFE_HTTP_METHODS or frappe.local.conf.get("ignore_csrf"):
            return
        token = frappe.session.data.get("csrf_token")
        if not token or frappe.session.user == "Guest":
            return
        given = request.headers.get("X-Frappe-CSRF-Token") or frappe.form_dict.pop("csrf_token", None)
        if given != token:
            frappe.flags.disable_traceback = True
            frappe.throw(_("Invalid Request"), frappe.CSRFTokenError)
        frappe.form_dict.pop("csrf_token", None)


class LoginManager:
    """Logs in, resumes and ends sessions."""

    def __init__(self) -> None:
        self.user: str | None = None
        self.info: Any = None
        self.full_name: str | None = None
        self.user_type: str | None = None
        request = frappe.local.request
        if frappe.form_dict.get("cmd") == "login" or request.path in (
            "/api/method/login",
            "/api/v1/method/login",
        ):
            self.login()
        else:
            self.resume()

    def resume(self) -> None:
        frappe.local.session_obj = frappe.sessions.Session(resume=True)
        self.user = frappe.session.user
        self.set_user_info(resume=True)

    def login(self) -> None:
        """By `usr` and `pwd` of the request."""
        self.authenticate()
        self.post_login()

    def login_as(self, user: str) -> None:
        """Start a session for this user, who has proved identity in another way."""
        self.user = user
        self.post_login()

    def login_as_guest(self) -> None:
        self.login_as("Guest")

    def authenticate(self, user: str | None = None, pwd: str | None = None) -> None:
        """Check a password; AuthenticationError tells neither what was wrong nor whether the user exists."""
        user = user or frappe.form_dict.get("usr")
        pwd = pwd or frappe.form_dict.get("pwd")
        if not (user and pwd):
            self.fail(_("Incomplete login details"), user=user)
        tracker = LoginAttemptTracker(str(user).lower())
        tracker.raise_if_locked()
        found = frappe.db.get_value("User", {"name": user}, ["name", "enabled"], as_dict=True)
        try:
            self.user = check_password(found.name if found else user, pwd)
        except frappe.AuthenticationError:
            tracker.add_failure()
            self.fail("Invalid login credentials", user=user)
        if not found or (not found.enabled and found.name != "Administrator"):
            self.fail("User disabled or missing", user=user)
        self.user = found.name
        tracker.clear()

    def fail(self, message: str, user: str | None = None) -> None:
        frappe.local.response["message"] = message
        raise frappe.AuthenticationError

    def post_login(self) -> None:
        assert self.user
        self.run_trigger("on_login")
        frappe.db.set_value(
            "User",
            self.user,
            {"last_active": frappe.utils.now(), "last_ip": frappe.local.request_ip},
            update_modified=False,
        )
        frappe.set_user(self.user)
        self.make_session()
        self.set_user_info()
        self.run_trigger("on_session_creation")

    def make_session(self) -> None:
        frappe.local.session_obj = frappe.sessions.Session(user=self.user, full_name=self.full_name)
        frappe.db.commit()  # a log-in by GET must last, too

    def set_user_info(self, resume: bool = False) -> None:
        """What the log-in answer and the readable cookies tell."""
        info = frappe.sessions.user_info(self.user or "Guest")
        self.info, self.user_type, self.full_name = info, info.user_type, info.full_name
        frappe.session.data.setdefault("user_type", info.user_type)
        is_system_user = info.user_type == "System User"
        if not resume and self.user != "Guest":
            frappe.local.response["message"] = "Logged In" if is_system_user else "No App"
            frappe.local.response["home_page"] = "/app" if is_system_user else "/me"
            frappe.local.response["full_name"] = info.full_name
        frappe.local.cookie_manager.init_cookies(info)

    def run_trigger(self, event: str) -> None:
        for method in frappe.get_hooks(event) or []:
            frappe.call(frappe.get_attr(method), login_manager=self)

    def logout(self, arg: str = "", user: str | None = None) -> None:
        user = user or frappe.session.user
        self.run_trigger("on_logout")
        if user == frappe.session.user:
            frappe.sessions.delete_session(frappe.session.sid, user=user, reason="User Manually Logged Out")
            self.clear_cookies()
            frappe.set_user("Guest")
            frappe.local.session_obj = frappe.sessions.Session(user="Guest")
            self.user = "Guest"
            frappe.local.cookie_manager.init_cookies(frappe.sessions.user_info("Guest"))
            frappe.local.response.update({"message": "No App", "home_page": "/login", "full_name": "Guest"})
        else:
            frappe.sessions.clear_sessions(user)

    def clear_cookies(self) -> None:
        frappe.local.cookie_manager.delete_cookie(
            ["sid", "full_name", "system_user", "user_id", "user_image"]
        )


class CookieManager:
    """Collects the cookies of a response."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, Any]] = {}
        self.to_delete: list[str] = []

    def init_cookies(self, info: Any) -> None:
        seconds = frappe.sessions.get_expiry_in_seconds(frappe.session.data.get("session_expiry"))
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        self.set_cookie("sid", frappe.session.sid, expires=expires, max_age=seconds, httponly=True)
        self.set_cookie("system_user", "yes" if info.user_type == "System User" else "no")
        self.set_cookie("full_name", info.full_name or "")
        self.set_cookie("user_id", info.name)
        self.set_cookie("user_image", info.user_image or "")

    def set_cookie(
        self,
        key: str,
        value: str,
        expires: Any = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str = "Lax",
        max_age: int | None = None,
    ) -> None:
        secure = secure or frappe.local.request.scheme == "https"
        self.cookies[key] = {
            "value": value,
            "expires": expires,
            "secure": secure,
            "httponly": httponly,
            "samesite": samesite,
            "max_age": max_age,
        }

    def delete_cookie(self, to_delete: str | list[str]) -> None:
        self.to_delete.extend([to_delete] if isinstance(to_delete, str) else to_delete)

    def flush_cookies(self, response: Response) -> None:
        for key, options in self.cookies.items():
            response.set_cookie(key, **options)
        yesterday = datetime.datetime.now(datetime.timezone.utc) - _DAY
        for key in dict.fromkeys(self.to_delete):
            response.set_cookie(key, "", expires=yesterday)


class LoginAttemptTracker:
    """Locks an account for a while after too many wrong passwords; counted in the shared cache."""

    def __init__(self, key: str) -> None:
        settings = frappe.get_system_settings
        self.limit = frappe.utils.cint(settings("allow_consecutive_login_attempts"))
        self.seconds = frappe.utils.cint(settings("allow_login_after_fail")) or 60
        self.key = f"login_failed:{key}"

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
    header = frappe.local.request.headers.get("Authorization", "").split(" ")
    if len(header) != 2 or frappe.local.request.method == "OPTIONS":
        return
    if frappe.session.user in ("", "Guest"):
        validate_auth_via_api_keys(header)
    if frappe.session.user in ("", "Guest"):
        raise frappe.AuthenticationError


def validate_auth_via_api_keys(header: list[str]) -> None:
    kind, credentials = header
    try:
        if kind.lower() == "basic":
            api_key, api_secret = base64.b64decode(credentials).decode().split(":")
        elif kind.lower() == "token":
            api_key, api_secret = credentials.split(":")
        else:
            return
    except (ValueError, binascii.Error):
        raise frappe.AuthenticationError from None
    user = frappe.db.get_value("User", {"api_key": api_key, "enabled": 1}, "name")
    secret = get_decrypted_password("User", user, "api_secret", raise_exception=False) if user else None
    if not secret or not hmac.compare_digest(secret.encode(), api_secret.encode()):
        raise frappe.AuthenticationError
    form_dict = frappe.local.form_dict
    frappe.set_user(user)
    frappe.local.form_dict = form_dict
    frappe.local.login_manager.user = user


@frappe.whitelist(allow_guest=False)
def get_logged_user() -> str:
    """Name of the user of this session."""
    return frappe.session.user


def get_login_attempt_tracker(key: str, raise_locked_exception: bool = True) -> LoginAttemptTracker:
    tracker = LoginAttemptTracker(key)
    if raise_locked_exception:
        tracker.raise_if_locked()
    return tracker
