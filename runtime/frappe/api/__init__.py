"""`/api/…`: remote calls and documents over HTTP."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

import frappe
import frappe.client
import frappe.handler
from frappe import _
from frappe.context import local
from frappe.utils.response import build_response


def handle(path: str, verb: str) -> Response:
    """`/api/method/<dotted>`, `/api/resource/<DocType>[/<name>]`; anything else is 404.

    The answer goes into the body, unless it is a Response of its own.
    """
    kind, _slash, rest = path.removeprefix("/api/").partition("/")
    first, _slash, name = rest.partition("/")
    if kind == "method" and first:
        local.form_dict.cmd = first
        key, data = "message", frappe.handler.execute_cmd(first)
    elif kind == "resource" and first:
        key, data = "data", use_documents(verb, first, name.removesuffix("/"))
    else:
        raise frappe.DoesNotExistError
    if isinstance(data, Response):
        return data
    if data is not None:
        local.response[key] = data
    return build_response()


def use_documents(verb: str, doctype: str, name: str) -> Any:
    """What the verb means for a DocType or one document, with the caller's permissions.

    A list takes the arguments of `frappe.client.get_list`, and `limit` as a short name of `limit_page_length`.
    """
    match "GET" if verb == "HEAD" else verb, bool(name):
        case "GET", False:
            local.form_dict.pop("doctype", None)  # the path names it
            local.form_dict.setdefault("limit_page_length", local.form_dict.get("limit") or 20)
            return frappe.call(frappe.client.get_list, doctype, **local.form_dict)
        case "POST", False:
            return frappe.client.document({**_sent(), "doctype": doctype}).insert()
        case "GET", True:
            return frappe.client.read(doctype, name)
        case "PUT", True:
            return frappe.client.update(doctype, name, _sent())
        case "DELETE", True:
            frappe.client.delete(doctype, name)
            local.response.http_status_code = 202
            return "ok"
    raise frappe.DoesNotExistError


def _sent() -> Any:
    """The document: the `data` argument, or all arguments."""
    data = local.form_dict.data
    values = frappe.client.parsed(dict(local.form_dict) if data is None else data)
    if not isinstance(values, dict):
        frappe.throw(_("A document is sent as an object of fields and values."))
    return values
