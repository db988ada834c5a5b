"""Calls whitelisted methods by dotted name, and the few commands that have a short one."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

import frappe
from frappe import _, ping  # noqa: F401 - /api/method/ping
from frappe.context import local
from frappe.utils.file_manager import save_uploaded


def handle() -> Any:
    """Run `form_dict.cmd`; its answer goes to `response.message` unless it is a Response of its own."""
    if local.form_dict.cmd == "login":
        return None  # done while the request was set up
    data = execute_cmd(local.form_dict.cmd)
    if isinstance(data, Response):
        return data
    if data is not None:
        local.response["message"] = data
    return None


def execute_cmd(cmd: str) -> Any:
    """Find the method (hooks may override it), check that it may be called this way, call it."""
    overrides = frappe.get_hooks("override_whitelisted_methods", {}).get(cmd)
    target = overrides[-1] if overrides else cmd
    try:
        method = frappe.get_attr(target) if "." in target else globals()[target]
    except Exception as error:
        frappe.throw(_("Failed to get method for command {0} with {1}").format(cmd, error))
    frappe.is_whitelisted(method)
    is_valid_http_method(method)
    return frappe.call(method, **local.form_dict)


def is_valid_http_method(method: Any) -> None:
    if local.request.method not in frappe.allowed_http_methods_for_whitelisted_func.get(method, ()):
        frappe.throw(_("Not permitted"), frappe.PermissionError)


@frappe.whitelist(allow_guest=True)
def version() -> str:
    return frappe.__version__


@frappe.whitelist(allow_guest=True)
def logout() -> None:
    """End the session."""
    local.login_manager.logout()
    frappe.db.commit()


@frappe.whitelist(allow_guest=True)
def upload_file() -> Any:
    """Save the file of a multipart request as a File document."""
    return save_uploaded()


@frappe.whitelist(allow_guest=True)
def download_file(file_url: str) -> None:
    """The content of a File the user may read."""
    file = frappe.get_doc("File", {"file_url": file_url})
    file.check_permission("read")
    local.response.filename = file.file_name
    local.response.filecontent = file.get_content()
    local.response.type = "download"


@frappe.whitelist(allow_guest=True)
def run_doc_method(
    method: str, docs: Any = None, dt: str | None = None, dn: str | None = None, args: Any = None
) -> None:
    """Call a whitelisted method of a document: a saved one by `dt`/`dn`, else the one in `docs`."""
    if dt:
        doc = frappe.get_doc(dt, dn)
    else:
        doc = frappe.get_doc(frappe.parse_json(docs))
        doc._original_modified = doc.modified
        doc.check_if_latest()
    doc.check_permission("read")
    function = getattr(doc, method, None)
    if function is None:
        raise frappe.DoesNotExistError
    plain = getattr(function, "__func__", function)
    frappe.is_whitelisted(plain)
    is_valid_http_method(plain)
    args = frappe.parse_json(args) if args else {}
    answer = frappe.call(function, **args) if isinstance(args, dict) else function(args)
    local.response.setdefault("docs", []).append(doc)
    if answer is not None:
        local.response["message"] = answer
