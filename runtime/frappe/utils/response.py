"""Turns `frappe.local.response` into a werkzeug Response."""

from __future__ import annotations

import datetime
import decimal
import json
import mimetypes
import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import orjson
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.utils import redirect, send_file
from werkzeug.wrappers import Response

import frappe
from frappe.model.base_document import BaseDocument
from frappe.utils.error import error_source

_ORJSON_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def build_response(response_type: str | None = None) -> Response:
    """By `response.type`: json, txt, csv, download, pdf, binary, page, redirect."""
    kind = frappe.local.response.get("type") or response_type or "json"
    builders = {
        "json": as_json,
        "txt": as_txt,
        "csv": as_csv,
        "download": as_raw,
        "pdf": as_binary,
        "binary": as_binary,
        "page": as_page,
        "redirect": as_redirect,
    }
    return builders[kind]()


def as_json() -> Response:
    make_logs()
    local = frappe.local.response
    status = local.pop("http_status_code", None) or 200
    if not local.get("docs"):
        local.pop("docs", None)
    return Response(to_json(local), status=int(status), mimetype="application/json")


def to_json(value: Any) -> bytes:
    """Compact JSON; numbers beyond 64 bits need the slower encoder."""
    try:
        return orjson.dumps(value, default=json_handler, option=_ORJSON_OPTIONS)
    except TypeError:
        return json.dumps(value, default=json_handler, separators=(",", ":")).encode()


def json_handler(value: Any) -> Any:
    """Dates as Frappe writes them, Decimal as number, documents as dict."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return str(value)
    if isinstance(value, datetime.timedelta):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, BaseDocument):
        return value.as_dict(no_nulls=True)
    if isinstance(value, (set, frozenset)) or (
        isinstance(value, Iterable) and not isinstance(value, (bytes, str))
    ):
        return list(value)
    if isinstance(value, type):
        return repr(value)
    raise TypeError(f"Object of type {type(value)} with value of {value!r} is not JSON serializable")


def make_logs() -> None:
    """Messages of this request, as JSON in JSON."""
    if frappe.local.message_log:
        frappe.local.response["_server_messages"] = json.dumps(
            [json.dumps(message) for message in frappe.local.message_log]
        )


def report_error(status: int, error: Exception) -> Response:
    """The error body; traceback only where System Settings allow it and not for 404."""
    local = frappe.local.response
    local.pop("data", None)
    local.pop("message", None) if status != 401 else None
    text = frappe.get_traceback() if allow_traceback(status) else None
    if text:
        local["exception"] = text.strip().splitlines()[-1]
    local["exc_type"] = type(error).__name__
    if text:
        local["exc"] = json.dumps([text])
        if source := error_source(error):
            local["_exc_source"] = source
    local["http_status_code"] = status
    return as_json()


def allow_traceback(status: int) -> bool:
    if status == 404 or frappe.local.flags.disable_traceback or not frappe.local.db:
        return False
    return bool(frappe.get_system_settings("allow_error_traceback"))


def disposition(kind: str, filename: str) -> str:
    """`Content-Disposition` that carries Chinese file names to every browser (RFC 5987)."""
    plain = filename.encode("ascii", "ignore").decode().replace('"', "") or "file"
    if plain == filename:
        return f'{kind}; filename="{filename}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename)}"


def _file_response(content: Any, mimetype: str, header: str) -> Response:
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = header
    status = frappe.local.response.get("http_status_code")
    if status:
        response.status_code = int(status)
    return response


def as_raw() -> Response:
    local = frappe.local.response
    guessed = local.get("content_type") or mimetypes.guess_type(local.filename)[0]
    header = disposition(local.get("display_content_as", "attachment"), local.filename)
    return _file_response(local.filecontent, guessed or "application/unknown", header)


def as_binary() -> Response:
    local = frappe.local.response
    guessed = "application/pdf" if local.get("type") == "pdf" else "application/octet-stream"
    return _file_response(
        local.filecontent, local.get("content_type") or guessed, disposition("inline", local.filename)
    )


def as_txt() -> Response:
    local = frappe.local.response
    return _file_response(local.result, "text/plain", disposition("attachment", f"{local.doctype}.txt"))


def as_csv() -> Response:
    local = frappe.local.response
    return _file_response(local.result, "text/csv", disposition("attachment", f"{local.doctype}.csv"))


def as_page() -> Response:
    """`frappe.respond_as_web_page`, or a page by its route."""
    from frappe.website.serve import get_response, message_page

    local = frappe.local.response
    status = int(local.get("http_status_code") or 200)
    context = local.get("context")
    if context:
        return message_page(context.get("title") or "", context.get("message") or "", status)
    return get_response(local["route"], http_status_code=status)


def as_redirect() -> Response:
    return redirect(frappe.local.response.location)


def download_private_file(path: str) -> Response:
    """A file below `private/files`, if the user may read one of the File documents that point to it."""
    files = frappe.get_all("File", filters={"file_url": path}, pluck="name")
    if frappe.session.user == "Guest" and not files:
        raise Forbidden
    for name in files:
        if frappe.get_doc("File", name).is_downloadable():
            break
    else:
        raise Forbidden
    return send_private_file(path.split("/private", 1)[1])


def send_private_file(path: str) -> Response:
    """Send `<site>/private<path>`; never as HTML that would run in this origin."""
    base = os.path.realpath(frappe.get_site_path("private"))
    target = os.path.realpath(os.path.join(base, path.lstrip("/")))
    if not target.startswith(base + os.sep) or not os.path.isfile(target):
        raise NotFound
    filename = os.path.basename(target)
    blocked = filename.lower().endswith((".html", ".htm", ".svg", ".xml", ".js"))
    response = send_file(
        target,
        frappe.local.request.environ,
        mimetype=mimetypes.guess_type(filename)[0] or "application/octet-stream",
    )
    response.headers["Content-Disposition"] = disposition("attachment" if blocked else "inline", filename)
    response.headers["Cache-Control"] = "private, no-store"
    return response
