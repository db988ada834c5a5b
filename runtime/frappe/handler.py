"""Calls whitelisted methods by dotted name, and the few commands that have a short one."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

import frappe
from frappe import _, ping  # noqa: F401 - /api/method/ping
from frappe.utils import cint
from frappe.utils.file_manager import save_uploaded


def handle() -> Any:
    """Run `form_dict.cmd`; its answer goes to `response.message` unless it is a Response of its own."""
    data = execute_cmd(frappe.local.form_dict.cmd) if frappe.local.form_dict.cmd != "login" else None
    if isinstance(data, Response):
        return data
    if data is not None:
        frappe.local.response["message"] = data
    return None


def execute_cmd(cmd: str, from_async: bool = False) -> Any:
    """Find the method (hooks may override it), check that it may be called this way, call it."""
    overrides = frappe.get_hooks("override_whitelisted_methods", {}).get(cmd)
    target = overrides[-1] if overrides else cmd
    try:
        method = get_attr(target)
    except Exception as error:
        frappe.throw(_("Failed to get method for command {0} with {1}").format(cmd, error))
    if from_async:
        method = method.queue
    frappe.is_whitelisted(method)
    is_valid_http_method(method)
    return frappe.call(method, **frappe.form_dict)


def is_valid_http_method(method: Any) -> None:
    allowed = frappe.allowed_http_methods_for_whitelisted_func.get(method, ())
    if frappe.local.request.method not in allowed:
        frappe.throw(_("Not permitted"), frappe.PermissionError)


def get_attr(cmd: str) -> Any:
    if "." in cmd:
        return frappe.get_attr(cmd)
    return {**globals()}[cmd]


@frappe.whitelist(allow_guest=True)
def version() -> str:
    return frappe.__version__


@frappe.whitelist(allow_guest=True)
def logout() -> None:
    """End the session."""
    frappe.local.login_manager.logout()
    frappe.db.commit()


@frappe.whitelist(allow_guest=True)
def web_logout() -> None:
    frappe.local.login_manager.logout()
    frappe.db.commit()
    frappe.local.response["type"] = "redirect"
    frappe.local.response["location"] = "/"


@frappe.whitelist(allow_guest=True)
def upload_file() -> Any:
    """Save the file of a multipart request as a File document."""
    return save_uploaded()


@frappe.whitelist(allow_guest=True)
def download_file(file_url: str) -> None:
    """The content of a File the user may read."""
    file = frappe.get_doc("File", {"file_url": file_url})
    file.check_permission("read")
    frappe.local.response.filename = file.file_name
    frappe.local.response.filecontent = file.get_content()
    frappe.local.response.type = "download"


@frappe.whitelist(allow_guest=True)
def run_doc_method(
    method: str,
    docs: Any = None,
    dt: str | None = None,
    dn: str | None = None,
    arg: Any = None,
    args: Any = None,
) -> None:
    """Call a whitelisted method of a document: a saved one by `dt`/`dn`, else the one in `docs`."""
    if not args and arg:
        args = arg
    if dt:
        doc = frappe.get_doc(dt, dn)
    else:
        doc = frappe.get_doc(frappe.parse_json(docs))
        doc._original_modified = doc.modified
        doc.check_if_latest()
    if not doc.has_permission("read"):
        frappe.throw(_("Not permitted"), frappe.PermissionError)
    call_doc_method(doc, method, frappe.parse_json(args) if isinstance(args, str) and args else args or {})


def call_doc_method(doc: Any, method: str, args: Any) -> None:
    function = getattr(doc, method, None)
    if function is None:
        raise frappe.DoesNotExistError
    plain = getattr(function, "__func__", function)
    frappe.is_whitelisted(plain)
    is_valid_http_method(plain)
    answer = frappe.call(function, **args) if isinstance(args, dict) else function(args)
    frappe.local.response.setdefault("docs", []).append(doc)
    if answer is None:
        return
    if cint(frappe.form_dict.get("as_csv")):
        frappe.throw(_("CSV answers are not supported"))
    frappe.local.response["message"] = answer


runserverobj = run_doc_method
