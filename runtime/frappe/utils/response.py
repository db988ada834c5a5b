"""Turns `frappe.local.response` into a werkzeug Response."""

from __future__ import annotations

import datetime
import decimal
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

import frappe
from frappe.context import local
from frappe.model.base_document import BaseDocument

_ORJSON_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def build_response() -> Response:
    """By `response.type` of the method: download or pdf, else JSON."""
    kind = local.response.get("type")
    if kind in ("download", "pdf"):
        return as_file(kind)
    return as_json()


class JSONResponse(Response):
    """Its headers are complete when it is made, so sending it needs no further look at them."""

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response  # type: ignore[return-value]


def as_json() -> Response:
    """`frappe.local.response`, with the messages of this request as JSON in JSON."""
    response = local.response
    if local.message_log:
        response["_server_messages"] = json.dumps([json.dumps(message) for message in local.message_log])
    status = response.pop("http_status_code", None) or 200
    return JSONResponse(to_json(response), status=int(status), mimetype="application/json")


def to_json(value: Any) -> bytes:
    """Compact JSON; numbers beyond 64 bits need the slower encoder."""
    try:
        return orjson.dumps(value, default=json_handler, option=_ORJSON_OPTIONS)
    except TypeError:
        return json.dumps(value, default=json_handler, separators=(",", ":")).encode()


def json_handler(value: Any) -> Any:
    """Dates as Frappe writes them, Decimal as number, documents as dict."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, BaseDocument):
        return value.as_dict(no_nulls=True)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, str)):
        return list(value)
    raise TypeError(f"Object of type {type(value)} with value of {value!r} is not JSON serializable")


def report_error(status: int, error: Exception) -> Response:
    """The error body; a traceback only where System Settings allow it, and never of a request gone astray."""
    response = local.response
    response.pop("data", None)
    if status != 401:
        response.pop("message", None)
    response["exc_type"] = type(error).__name__
    if status not in (400, 404) and frappe.get_system_settings("allow_error_traceback"):
        text = frappe.get_traceback()
        response["exception"] = text.strip().splitlines()[-1]
        response["exc"] = json.dumps([text])
    response["http_status_code"] = status
    return as_json()


def as_file(kind: str) -> Response:
    """`filecontent` under `filename`: a download is saved, a pdf is shown."""
    content = local.response.filecontent
    return send_file(
        io.BytesIO(content.encode() if isinstance(content, str) else content),
        local.request.environ,
        mimetype="application/pdf" if kind == "pdf" else None,
        as_attachment=kind == "download",
        download_name=local.response.filename,
    )
