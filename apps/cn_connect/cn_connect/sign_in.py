"""The log-in of stock Frappe, mended after the fact (it signs in before any hook is asked): hook `after_request`.

A locked account is answered 429 with the seconds to wait instead of 500, and an unknown name takes as long as a wrong
password. The embedded runtime does both by itself.
"""

import json
from typing import Any

import frappe
import frappe.auth
from frappe.utils import cint

_PATH = "/api/method/login"


def after_request(response: Any = None, request: Any = None) -> None:
    if response is None or request is None or request.path != _PATH or not _is_stock():
        return
    if response.status_code == 401:
        _take_as_long()
    elif response.status_code >= 500 and b"SecurityException" in response.get_data():
        _say_when(response)


def _is_stock() -> bool:
    return hasattr(frappe.auth, "LoginAttemptTracker")


def _take_as_long() -> None:
    """Stock Frappe looks at no password of a user that does not exist."""
    from frappe.utils.password import passlibctx

    if not frappe.db.exists("User", str(frappe.form_dict.get("usr") or "")):
        passlibctx.dummy_verify()


def _say_when(response: Any) -> None:
    seconds = cint(frappe.get_system_settings("allow_login_after_fail")) or 60
    body = json.loads(response.get_data())
    body.pop("exc", None)
    response.set_data(json.dumps({**body, "error_code": "LOCKED", "retry_after": seconds}))
    response.status_code = 429
    response.headers["Retry-After"] = str(seconds)
