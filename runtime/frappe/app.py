"""The WSGI application: one request = one site, one user, one transaction.

GET and HEAD never commit; the other methods commit when the handler succeeded and roll back when it raised.
A handler that returns a werkzeug Response counts as successful whatever its status.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

import frappe
import frappe.api
import frappe.auth
from frappe import _, forwarded
from frappe.context import local
from frappe.headers import protect
from frappe.utils.error import log_error_snapshot
from frappe.utils.response import report_error
from frappe.utils.static import serve_asset, serve_private, serve_public
from frappe.website.serve import error_page, get_page

MAX_BODY_BYTES = 25 * 1024 * 1024
MAX_LOGIN_BYTES = 16 * 1024
MAX_GUEST_BYTES = (
    512 * 1024
)  # of whoever shows neither a session nor a key; notifications of gateways are far smaller

_sites_path = os.environ.get("SITES_PATH", ".")
_site = os.environ.get("FRAPPE_SITE")
_default_site: str | None = None  # of bench-config.json, told by `bench start`


def application(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
    """WSGI entry point. `environ` does not point back to the request, so that both are freed without a collector."""
    forwarded.unwrap(environ, config_of(environ).get("trusted_proxies"))
    return handle_request(Request(environ, populate_request=False))(environ, start_response)


def handle_request(request: Request) -> Response:
    """Answer one request between `frappe.init` and `frappe.destroy`."""
    try:
        response = answer(request)
        if cookie := getattr(local, "cookie", None):
            response.headers.add("Set-Cookie", cookie)
        protect(request, response)
        run_after_request(request, response)
        return response
    finally:
        frappe.destroy()


def answer(request: Request) -> Response:
    """Public files need no site; everything else is one transaction. Errors become answers, too."""
    try:
        if request.path.startswith("/assets/"):
            return serve_asset(request)
        if request.path.startswith("/files/"):
            return serve_public(request, os.path.join(_sites_path, get_site_name(request.environ)))
        init_request(request)
        run_hooks("before_request")
        frappe.auth.validate_auth()
        response = dispatch(request)
        end_transaction(request)
        touch_session()
        return response
    except Exception as error:
        try:
            if db := getattr(local, "db", None):
                db.rollback()
            return answer_error(request, error)
        except Exception:
            traceback.print_exc()
            return Response("Internal Server Error", status=500)


def init_request(request: Request) -> None:
    """Find the site, open its database, read the arguments, and find out who is asking."""
    frappe.init(get_site_name(request.environ), sites_path=_sites_path, force=True)
    local.request = request
    frappe.connect(set_admin_as_user=False)
    if local.conf.get("maintenance_mode"):
        raise frappe.SessionStopped("Session Stopped")
    request.max_content_length = body_limit(request.environ)
    local.form_dict = make_form_dict(request)
    frappe.auth.identify()


def run_hooks(name: str, **arguments: Any) -> None:
    """Call the functions that the apps name, each with those of the arguments that it takes."""
    for method in frappe.get_hooks(name):
        frappe.call(method, **arguments)


def run_after_request(request: Request, response: Response) -> None:
    """The answer is made; an app that fails here is only logged."""
    if not getattr(local, "db", None):
        return
    try:
        run_hooks("after_request", request=request, response=response)
    except Exception as error:
        log_error_snapshot(error)


def config_of(environ: dict[str, Any]) -> Any:
    """The configuration of the site that is asked for; that of all sites if there is none."""
    try:
        return frappe.get_site_config(_sites_path, os.path.join(_sites_path, get_site_name(environ)))
    except NotFound:
        return frappe.get_site_config(_sites_path)


def get_site_name(environ: dict[str, Any]) -> str:
    """The site called like the host, else the bench's default."""
    if _site:
        return _site
    named = os.path.basename(environ.get("HTTP_HOST", "").partition(":")[0])
    if os.path.isfile(os.path.join(_sites_path, named, "site_config.json")):
        return named
    default = _default_site or frappe.get_site_config(_sites_path).get("default_site")
    if not default:
        raise NotFound
    return default


def body_limit(environ: dict[str, Any]) -> int:
    """How many bytes this request may send: `max_file_size` of the site, and less where less is enough."""
    if environ["PATH_INFO"] == "/api/method/login":
        return MAX_LOGIN_BYTES
    if "sid=" not in environ.get("HTTP_COOKIE", "") and "HTTP_AUTHORIZATION" not in environ:
        return MAX_GUEST_BYTES
    return int(config_of(environ).get("max_file_size") or MAX_BODY_BYTES)


def make_form_dict(request: Request) -> Any:
    """Arguments: a JSON body if there is one (the query string is then ignored), else form over query."""
    environ = request.environ
    content_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip()
    arguments: Any = {}
    if content_type == "application/json" and (body := request.get_data()):
        arguments = orjson.loads(body)
        if not isinstance(arguments, dict):
            arguments = {"data": arguments}
    else:
        if environ.get("QUERY_STRING"):
            arguments = request.args.to_dict()
        if content_type:
            arguments.update(request.form.to_dict())
    arguments.pop("_", None)  # jQuery's cache buster
    return frappe._dict(arguments)


def dispatch(request: Request) -> Response:
    """Call what the path names."""
    path, method = request.path, request.method
    if path.startswith("/api/"):
        return frappe.api.handle(path, method)
    if path.startswith("/private/files/"):
        return serve_private(request)
    if method in ("GET", "HEAD", "POST"):
        return get_page(path)
    raise NotFound


def end_transaction(request: Request) -> None:
    """Commit after a successful write request; undo whatever another one wrote."""
    if request.method in frappe.auth.SAFE_HTTP_METHODS:
        local.db.rollback()
    else:
        local.db.commit()


def touch_session() -> None:
    """In a transaction of its own; a database busy with something else is no reason to fail a finished request."""
    try:
        if frappe.sessions.update():
            local.db.commit()
    except (frappe.QueryTimeoutError, frappe.QueryDeadlockError):
        local.db.rollback()


def answer_error(request: Request, error: Exception) -> Response:
    """The error as JSON for programs, as a page for people; a session ended by it is cleared."""
    if isinstance(error, HTTPException):
        return error.get_response(request.environ)  # type: ignore[return-value]
    status = getattr(error, "http_status_code", 400 if isinstance(error, orjson.JSONDecodeError) else 500)
    busy = isinstance(error, (frappe.QueryDeadlockError, frappe.QueryTimeoutError))
    if busy:
        local.message_log.clear()
        frappe.msgprint(_("The system is busy. Please try again in a moment."))
    response = report_error(status, error) if wants_json(request) else error_page(status, error)
    if status == 429 and (seconds := local.response.get("retry_after")):
        response.headers["Retry-After"] = str(seconds)
    if status == 401 and hasattr(local, "login_manager"):
        frappe.auth.forget_session()
    if status >= 500 and not busy:
        log_error_snapshot(error)
    return response


def wants_json(request: Request) -> bool:
    accept = request.headers.get("Accept", "")
    is_ajax = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    is_call = request.path.startswith("/api/") and not accept.startswith("text")
    return is_ajax or "application/json" in accept or is_call
