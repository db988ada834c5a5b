"""Calls whitelisted methods by dotted name, and the few commands that have a short one."""

from __future__ import annotations

from typing import Any

import frappe
import frappe.client
from frappe import _, ping  # noqa: F401 - /api/method/ping
from frappe.context import local
from frappe.utils.file_manager import save_uploaded


def execute_cmd(cmd: str) -> Any:
    """Find the method (hooks may override it), check that it may be called this way, call it."""
    overrides = frappe.get_hooks("override_whitelisted_methods", {}).get(cmd)
    target = overrides[-1] if overrides else cmd
    try:
        method = frappe.get_attr(target) if "." in target else globals()[target]
    except Exception as error:
        frappe.throw(frappe.messages.fill(_("Failed to get method for command {0} with {1}"), cmd, error))
    if not callable(method):
        frappe.throw(_("You are not permitted to access this resource."), frappe.PermissionError)
    frappe.is_whitelisted(method)
    is_valid_http_method(method)
    return frappe.call(method, **local.form_dict)


def is_valid_http_method(method: Any) -> None:
    if local.request.method not in frappe.allowed_http_methods_for_whitelisted_func.get(method, ()):
        frappe.throw(_("Not permitted"), frappe.PermissionError)


@frappe.whitelist(allow_guest=True, methods=["POST"])
def login() -> None:
    """Done while the request was set up (`frappe.auth.identify`)."""


@frappe.whitelist(allow_guest=True, methods=["POST"])
def logout() -> None:
    """End the session."""
    local.login_manager.logout()
    frappe.db.commit()


@frappe.whitelist(allow_guest=True)
def upload_file() -> Any:
    """Save the file of a multipart request as a File document."""
    return save_uploaded()


@frappe.whitelist(allow_guest=True)
def run_doc_method(method: str, dt: str, dn: str, args: Any = None) -> None:
    """Call a whitelisted method of a document, with the arguments given as an object."""
    doc = frappe.client.permitted(dt, dn, "read")
    function = getattr(doc, method, None)
    plain = getattr(function, "__func__", None)
    if plain is None:
        frappe.throw(_("You are not permitted to access this resource."), frappe.PermissionError)
    frappe.is_whitelisted(plain)
    is_valid_http_method(plain)
    arguments = frappe.client.parsed(args) if args else {}
    if not isinstance(arguments, dict):
        frappe.throw(_("The arguments of a method are sent as an object."))
    answer = frappe.call(function, **arguments)
    local.response["docs"] = [doc]
    if answer is not None:
        local.response["message"] = answer
