"""What protects people's browsers, on stock Frappe as on the embedded runtime: hooks `before_request`, `after_request`.

The embedded runtime does most of it by itself; stock Frappe sets no such headers, holds a session to a CSRF token only
after some page asked for one, and signs in and out by GET.
"""

from typing import Any, NoReturn

import frappe
from frappe import _

_WRITES = ("POST", "PUT", "DELETE", "PATCH")
_SIGNING = ("login", "logout", "web_logout")
_YEAR = 365 * 24 * 3600
# Pages of stock Frappe carry scripts of their own inside; what can be said about them all is little.
_ANY = "object-src 'self'; base-uri 'self'; frame-ancestors 'self'"
_OWN = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def before_request() -> None:
    """Signs nobody in or out by GET, and holds every session of a browser to its token from the start."""
    method, command = frappe.request.method, _command()
    if command in _SIGNING and method != "POST":
        _refuse_signing(command)
    if not _has_session() or frappe.session.data.get("csrf_token") or frappe.conf.get("ignore_csrf"):
        return
    frappe.sessions.get_csrf_token()
    if method in _WRITES and command not in _SIGNING:
        frappe.throw(_("Invalid Request"), frappe.CSRFTokenError)


def after_request(response: Any = None, request: Any = None) -> None:
    """Headers that the answer does not carry yet. Our own pages run nothing but their own files."""
    if response is None or request is None:
        return
    own = request.path.strip("/") in _own_pages()
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _OWN if own else _ANY)
    headers.setdefault("X-Frame-Options", "DENY" if own else "SAMEORIGIN")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if request.scheme == "https":
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")


def csrf_token() -> str | None:
    """The token that writes of this session must carry; None for guests and for users by key and secret."""
    return frappe.sessions.get_csrf_token() if _has_session() else None


def _has_session() -> bool:
    """Users by key and secret, and scripts, have no session: Frappe then takes the user's name for its id."""
    user = frappe.session.user
    return bool(user and user != "Guest" and frappe.session.sid != user)


def _command() -> str:
    path = frappe.request.path
    return frappe.form_dict.get("cmd") or (path.rpartition("/")[2] if path.startswith("/api/method/") else "")


def _refuse_signing(command: str) -> NoReturn:
    if command == "login" and _has_session():
        frappe.local.login_manager.logout()  # stock Frappe signs in before it asks anybody
        frappe.db.commit()
    frappe.throw(_("Signing in and out needs a POST request."), frappe.PermissionError)


def _own_pages() -> set[str]:
    return set(frappe.get_hooks("pages_without_inline_code"))
