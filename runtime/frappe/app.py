"""The WSGI application: one request = one site, one user, one transaction.

GET and HEAD never commit; the other methods commit when the handler succeeded and roll back when it raised.
A handler that returns a werkzeug Response counts as successful whatever its status.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request, Response

import frappe
import frappe.api
import frappe.auth
import frappe.utils.response
from frappe import _
from frappe.context import local
from frappe.utils.error import log_error_snapshot
from frappe.utils.static import serve_static
from frappe.website.serve import get_response as get_page
from frappe.website.serve import message_page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

UNSAFE_HTTP_METHODS = frozenset({"POST", "PUT", "DELETE", "PATCH"})
MAX_BODY_BYTES = 25 * 1024 * 1024

_sites_path = os.environ.get("SITES_PATH", ".")
_site = os.environ.get("FRAPPE_SITE")
_default_site: str | None = None  # of bench-config.json, told by `bench start`


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """WSGI entry point."""
    request = Request(environ)
    static = request.path.startswith(("/assets/", "/files/")) and request.method in ("GET", "HEAD")
    try:
        response = serve_static(request, _sites_path) if static else handle_request(request)
    except NotFound as error:
        return error(environ, start_response)
    return response(environ, start_response)


def handle_request(request: Request) -> Response:
    """Answer one request within `frappe.init` … `frappe.destroy`."""
    response: Response
    try:
        init_request(request)
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
        if getattr(local, "login_manager", None):
            local.cookie_manager.flush_cookies(response)
    finally:
        rollback_quietly()
        frappe.destroy()
    return response


def init_request(request: Request) -> None:
    """Find the site, open its database, read the arguments, and find out who is asking."""
    environ = request.environ
    frappe.init(get_site_name(environ), sites_path=_sites_path, force=True)
    local.request = request
    local.is_ajax = environ.get("HTTP_X_REQUESTED_WITH") == "XMLHttpRequest"
    if not local.conf.get("db_name") and not local.conf.get("db_type"):
        raise NotFound
    frappe.connect(set_admin_as_user=False)
    if local.conf.get("maintenance_mode"):
        raise frappe.SessionStopped("Session Stopped")
    request.max_content_length = int(local.conf.get("max_file_size") or MAX_BODY_BYTES)
    local.form_dict = make_form_dict(request)
    if request.method != "OPTIONS":
        frappe.auth.identify()


def get_site_name(environ: WSGIEnvironment) -> str:
    """The site named by a header, else the one called like the host, else the bench's default."""
    if _site:
        return _site
    named = environ.get("HTTP_X_FRAPPE_SITE_NAME") or environ.get("HTTP_HOST", "").partition(":")[0]
    if os.path.isfile(os.path.join(_sites_path, os.path.basename(named), "site_config.json")):
        return os.path.basename(named)
    default = _default_site or frappe.get_site_config(_sites_path).get("default_site")
    if not default:
        raise NotFound
    return default


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
    if method == "OPTIONS":
        return Response()
    if path.startswith("/api/"):
        return frappe.api.handle(path, method)
    if path.startswith("/private/files/"):
        return frappe.utils.response.download_private_file(path)
    if method in ("GET", "HEAD", "POST"):
        return get_page()
    raise NotFound


def end_transaction(request: Request) -> None:
    """Commit after a successful write request; undo whatever another one wrote."""
    if request.method in UNSAFE_HTTP_METHODS:
        local.db.commit()
    else:
        local.db.rollback()


def touch_session() -> None:
    """In a transaction of its own; a database busy with something else is no reason to fail a finished request."""
    try:
        if local.request.method != "OPTIONS" and frappe.sessions.update():
            local.db.commit()
    except (frappe.QueryTimeoutError, frappe.QueryDeadlockError):
        local.db.rollback()


def rollback_quietly() -> None:
    if db := getattr(local, "db", None):
        db.rollback()


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
    if not getattr(local, "initialised", False):
        return Response("Internal Server Error", status=500)
    busy = isinstance(error, (frappe.QueryDeadlockError, frappe.QueryTimeoutError))
    if busy:
        local.message_log.clear()
        frappe.msgprint(_("The system is busy. Please try again in a moment."))
    if isinstance(error, orjson.JSONDecodeError):
        status = 400
    if wants_json(local.request):
        response = frappe.utils.response.report_error(status, error)
    else:
        response = error_page(status, error)
    if status == 401 and getattr(local, "login_manager", None):
        local.cookie_manager.clear()
    if status >= 500 and not busy:
        log_error_snapshot(error)
    return response


def wants_json(request: Request) -> bool:
    accept = request.headers.get("Accept", "")
    is_call = request.path.startswith("/api/") and not accept.startswith("text")
    return local.is_ajax or "application/json" in accept or is_call


def error_page(status: int, error: Exception) -> Response:
    messages = [message.get("message") for message in local.message_log]
    if not messages and status < 500:
        messages = [frappe.utils.escape_html(str(error))]
    titles = {403: _("Not Permitted"), 404: _("Not Found"), 401: _("Not Permitted")}
    return message_page(titles.get(status, _("Server Error")), "<br>".join(messages), status)
