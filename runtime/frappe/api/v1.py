"""Version 1 of the REST interface: remote calls and documents."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

import frappe
import frappe.client
import frappe.handler
from frappe import _


def document_list(doctype: str) -> Any:
    """`fields`, `filters`, `order_by`, `limit_start`, `limit_page_length` or `limit`, `as_dict`, `debug`."""
    form = frappe.form_dict
    form.setdefault("limit_page_length", form.get("limit") or form.get("limit_page_length") or 20)
    return frappe.call(frappe.client.get_list, doctype, **form)


def handle_rpc_call(method: str) -> Any:
    method = method.split("/")[0]
    frappe.form_dict.cmd = method
    return frappe.handler.handle()


def create_doc(doctype: str) -> Any:
    data = get_request_form_data()
    data.pop("doctype", None)
    return frappe.new_doc(doctype, **data).insert()


def update_doc(doctype: str, name: str) -> Any:
    data = get_request_form_data()
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
    frappe.response.http_status_code = 202
    return "ok"


def read_doc(doctype: str, name: str) -> Any:
    if "run_method" in frappe.form_dict:
        return execute_doc_method(doctype, name)
    doc = frappe.get_doc(doctype, name)
    if not doc.has_permission("read"):
        raise frappe.PermissionError
    doc.apply_fieldlevel_read_permissions()
    return doc


def execute_doc_method(doctype: str, name: str, method: str | None = None) -> Any:
    """GET needs read permission, the other verbs write permission."""
    method = method or frappe.form_dict.pop("run_method")
    doc = frappe.get_doc(doctype, name)
    frappe.is_whitelisted(getattr(getattr(doc, method), "__func__", None))
    doc.is_whitelisted(method)
    if not doc.has_permission("read" if frappe.request.method == "GET" else "write"):
        frappe.throw(_("Not permitted"), frappe.PermissionError)
    return doc.run_method(method, **frappe.form_dict)


def get_request_form_data() -> Any:
    """The document: the `data` argument, or all arguments."""
    data = frappe.form_dict.data if frappe.form_dict.data is not None else frappe.form_dict
    return frappe.parse_json(data)


def url_rules() -> list[Rule]:
    return [
        Rule("/method/<path:method>", endpoint=handle_rpc_call),
        Rule("/resource/<doctype>", methods=["GET"], endpoint=document_list),
        Rule("/resource/<doctype>", methods=["POST"], endpoint=create_doc),
        Rule("/resource/<doctype>/<path:name>/", methods=["GET"], endpoint=read_doc),
        Rule("/resource/<doctype>/<path:name>/", methods=["PUT"], endpoint=update_doc),
        Rule("/resource/<doctype>/<path:name>/", methods=["DELETE"], endpoint=delete_doc),
        Rule("/resource/<doctype>/<path:name>/", methods=["POST"], endpoint=execute_doc_method),
    ]
