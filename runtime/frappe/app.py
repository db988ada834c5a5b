"""The WSGI application: one request = one site, one user, one transaction.

GET and HEAD never commit; the other methods commit when the handler succeeded and roll back when it raised.
A handler that returns a werkzeug Response counts as successful whatever its status.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

import frappe
import frappe.api
import frappe.auth
import frappe.handler
import frappe.rate_limiter
import frappe.utils.response
from frappe import _
from frappe.utils.error import log_error_snapshot
from frappe.utils.static import serve_static
from frappe.website.serve import get_response as get_page

SAFE_HTTP_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UNSAFE_HTTP_METHODS = frozenset({"POST", "PUT", "DELETE", "PATCH"})
MAX_BODY_BYTES = 25 * 1024 * 1024

_sites_path = os.environ.get("SITES_PATH", ".")
_site = os.environ.get("FRAPPE_SITE")
_default_site: str | None = None  # of bench-config.json, told by `bench start`


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """WSGI entry point."""
    request = Request(environ)
    static = serve_static(request, _sites_path)
    response = static if static is not None else handle_request(request)
    return response(environ, start_response)


def handle_request(request: Request) -> Response:
    """Answer one request within `frappe.init` … `frappe.destroy`."""
    response: Response
    try:
        init_request(request)
        frappe.rate_limiter.apply()
        frappe.auth.validate_auth()
        response = dispatch(request)
        end_transaction(request)
        touch_session()
    except HTTPException as error:
        rollback_quietly()
        response = error.get_response(request.environ)  # type: ignore[assignment]
    except Exception as error:
        rollback_quietly()
        response = answer_error(error)
    try:
        finish(response)
    finally:
        rollback_quietly()
        frappe.destroy()
    return response


def init_request(request: Request) -> None:
    """Find the site, open its database, read the arguments, and find out who is asking."""
    site = get_site_name(request)
    frappe.init(site, sites_path=_sites_path, force=True)
    frappe.local.request = request
    frappe.local.is_ajax = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    if not frappe.local.conf.get("db_name") and not frappe.local.conf.get("db_type"):
        raise NotFound
    if frappe.local.conf.get("maintenance_mode"):
        frappe.connect(set_admin_as_user=False)
        raise frappe.SessionStopped("Session Stopped")
    frappe.connect(set_admin_as_user=False)
    request.max_content_length = int(frappe.local.conf.get("max_file_size") or MAX_BODY_BYTES)
    frappe.local.form_dict = make_form_dict(request)
    if request.method != "OPTIONS":
        frappe.local.http_request = frappe.auth.HTTPRequest()


def get_site_name(request: Request) -> str:
    """The site named by a header, else the one called like the host, else the bench's default."""
    if _site:
        return _site
    named = request.headers.get("X-Frappe-Site-Name") or request.host.partition(":")[0]
    if os.path.isfile(os.path.join(_sites_path, os.path.basename(named), "site_config.json")):
        return os.path.basename(named)
    default = _default_site or frappe.get_site_config(_sites_path).get("default_site")
    if not default:
        raise NotFound
    return default


def make_form_dict(request: Request) -> Any:
    """Arguments: a JSON body if there is one (the query string is then ignored), else form over query."""
    content_type = request.content_type or ""
    if content_type.partition(";")[0].strip() == "application/json" and (body := request.get_data()):
        arguments = orjson.loads(body)
        if not isinstance(arguments, dict):
            arguments = {"data": arguments}
    else:
        arguments = {**request.args.to_dict(), **request.form.to_dict()}
    arguments.pop("_", None)  # jQuery's cache buster
    return frappe._dict(arguments)


def dispatch(request: Request) -> Response:
    """Call what the path names."""
    if request.method == "OPTIONS":
        return Response()
    if frappe.form_dict.cmd:
        frappe.handler.handle()
        return frappe.utils.response.build_response("json")
    if request.path.startswith("/api/"):
        return frappe.api.handle(request)
    if request.path.startswith("/private/files/"):
        return frappe.utils.response.download_private_file(request.path)
    if request.method in ("GET", "HEAD", "POST"):
        return get_page()
    raise NotFound


def end_transaction(request: Request) -> None:
    """Commit after a successful write request; undo whatever another one wrote."""
    if request.method in UNSAFE_HTTP_METHODS:
        frappe.db.commit()
    else:
        frappe.db.rollback()


def touch_session() -> None:
    """In a transaction of its own; a database busy with something else is no reason to fail a finished request."""
    session = getattr(frappe.local, "session_obj", None)
    try:
        if session and session.update():
            frappe.db.commit()
    except (frappe.QueryTimeoutError, frappe.QueryDeadlockError):
        frappe.db.rollback()


def rollback_quietly() -> None:
    if getattr(frappe.local, "db", None):
        frappe.db.rollback()


def finish(response: Response) -> None:
    """Cookies and rate limit headers."""
    frappe.rate_limiter.add_headers(response)
    if getattr(frappe.local, "login_manager", None) and hasattr(frappe.local, "cookie_manager"):
        frappe.local.cookie_manager.flush_cookies(response)


def answer_error(error: Exception) -> Response:
    """An answer in any case, even when telling the error fails, too."""
    try:
        return handle_exception(error)
    except Exception:
        traceback.print_exc()
        return Response("Internal Server Error", status=500)


def handle_exception(error: Exception) -> Response:
    """The error as JSON for programs, as a page for people; a session ended by it is cleared."""
    status = getattr(error, "http_status_code", 500)
    if not getattr(frappe.local, "initialised", False):
        return Response("Internal Server Error", status=500)
    if is_lock_failure(error):
        frappe.local.message_log.clear()
        frappe.msgprint(_("The system is busy. Please try again in a moment."), raise_exception=False)
    if isinstance(error, orjson.JSONDecodeError):
        status = 400
    if wants_json(frappe.local.request):
        response = frappe.utils.response.report_error(status, error)
    else:
        response = error_page(status, error)
    if status == 401 and getattr(frappe.local, "login_manager", None):
        frappe.local.login_manager.clear_cookies()
    if status >= 500 and not is_lock_failure(error):
        log_error_snapshot(error)
    return response


def is_lock_failure(error: Exception) -> bool:
    return isinstance(error, (frappe.QueryDeadlockError, frappe.QueryTimeoutError))


def wants_json(request: Request) -> bool:
    accept = request.headers.get("Accept", "")
    return (
        frappe.local.is_ajax
        or "application/json" in accept
        or (request.path.startswith("/api/") and not accept.startswith("text"))
    )


def error_page(status: int, error: Exception) -> Response:
    from frappe.website.serve import message_page

    messages = [message.get("message") for message in frappe.local.message_log]
    text = (
        "<br>".join(messages) if messages else ("" if status >= 500 else frappe.utils.escape_html(str(error)))
    )
    titles = {403: _("Not Permitted"), 404: _("Not Found"), 401: _("Not Permitted")}
    return message_page(titles.get(status, _("Server Error")), text, status)
