"""`/api/…`: remote calls and documents over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

import frappe
import frappe.client
import frappe.handler
from frappe import _
from frappe.context import local
from frappe.utils.response import build_response


def handle(path: str, verb: str) -> Response:
    """`/api[/v1]/method/<dotted>`, `/api[/v1]/resource/<DocType>[/<name>]`; anything else is 404."""
    kind, _slash, rest = path.removeprefix("/api/").removeprefix("v1/").partition("/")
    if kind == "method" and rest:
        local.form_dict.cmd = rest.split("/", 1)[0]
        data = frappe.handler.handle()
    elif kind == "resource" and rest:
        doctype, _slash, name = rest.partition("/")
        name = name.removesuffix("/")
        function = (DOCUMENT if name else DOCTYPE).get("GET" if verb == "HEAD" else verb)
        if function is None:
            raise frappe.DoesNotExistError
        data = function(doctype, name) if name else function(doctype)
    else:
        raise frappe.DoesNotExistError
    if isinstance(data, Response):
        return data
    if data is not None:
        local.response["data"] = data
    return build_response("json")


def document_list(doctype: str) -> Any:
    """`fields`, `filters`, `order_by`, `limit_start`, `limit_page_length` or `limit`, `as_dict`."""
    form = local.form_dict
    form.setdefault("limit_page_length", form.get("limit") or 20)
    return frappe.call(frappe.client.get_list, doctype, **form)


def create_doc(doctype: str) -> Any:
    data = _document_data()
    data.pop("doctype", None)
    return frappe.new_doc(doctype, **data).insert()


def read_doc(doctype: str, name: str) -> Any:
    if "run_method" in local.form_dict:
        return execute_doc_method(doctype, name)
    doc = frappe.get_doc(doctype, name)
    if not doc.has_permission("read"):
        raise frappe.PermissionError
    doc.apply_fieldlevel_read_permissions()
    return doc


def update_doc(doctype: str, name: str) -> Any:
    data = _document_data()
    doc = frappe.get_doc(doctype, name, for_update=True)
    data.pop("flags", None)
    data.pop("doctype", None)
    doc.update(data)
    doc.save()
    if doc.get("parenttype") and doc.get("parent"):
        frappe.get_doc(doc.parenttype, doc.parent).save()
    return doc


def delete_doc(doctype: str, name: str) -> str:
    frappe.delete_doc(doctype, name, ignore_missing=False)
    local.response.http_status_code = 202
    return "ok"


def execute_doc_method(doctype: str, name: str) -> Any:
    """`run_method`: GET needs read permission, the other verbs write permission."""
    method = local.form_dict.pop("run_method")
    doc = frappe.get_doc(doctype, name)
    frappe.is_whitelisted(getattr(getattr(doc, method), "__func__", None))
    if not doc.has_permission("read" if local.request.method == "GET" else "write"):
        frappe.throw(_("Not permitted"), frappe.PermissionError)
    return doc.run_method(method, **local.form_dict)


def _document_data() -> Any:
    """The document: the `data` argument, or all arguments."""
    data = local.form_dict.data
    return frappe.parse_json(local.form_dict if data is None else data)


DOCTYPE: dict[str, Callable[..., Any]] = {"GET": document_list, "POST": create_doc}
DOCUMENT: dict[str, Callable[..., Any]] = {
    "GET": read_doc,
    "PUT": update_doc,
    "DELETE": delete_doc,
    "POST": execute_doc_method,
}
