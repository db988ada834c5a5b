"""The hook that every request passes once its user is known: which ways are open to whom, and with what rights."""

import importlib
import inspect
from typing import Any

import frappe
from cn_connect.access import documents, fields, files, lists
from cn_connect.access.calls import Call, Target, by_method, calls_of
from cn_connect.access.documents import (
    check_document_method,
    check_links,
    check_sent,
    check_values,
    refuse,
    require,
)
from frappe import _

# What anybody may call beside the API methods of the apps. The hook `open_methods` of an app adds to it.
FOR_ALL = {
    *("ping", "frappe.ping", "frappe.handler.ping", "login", "logout", "frappe.handler.logout"),
    *("frappe.auth.get_logged_user", "version", "frappe.handler.version"),
    # The link in an e-mail that invites, or that was asked for: the key in it is what counts.
    "frappe.core.doctype.user.user.update_password",
    "frappe.core.doctype.user.user.test_password_strength",
}
# What any signed-in user may call beside those.
FOR_USERS = {"upload_file", "frappe.handler.upload_file"}
# Methods that take a document as such, in the argument `doc` or `docs`.
_OF_DOCUMENTS = ("frappe.client.", "cn_connect.access.client.", "frappe.model.workflow.")
# Pages that show documents of any DocType.
_GENERIC_PAGES = ("printview", "print", "list")


def check() -> None:
    """Auth hook. PermissionError, in the same words whatever is asked for, unless the way is open to the user."""
    request = getattr(frappe.local, "request", None)
    if request is None:
        return
    frappe.flags.generic_way = False
    path, form = request.path, frappe.form_dict
    if path.startswith("/private/files/"):
        files.require_address(path)
        return
    calls = calls_of(path, request.method, form)
    if not path.startswith("/api/") and _is_generic_page(path):
        calls.append(by_method("frappe.www.printview", form))
    calls = [call for call in calls if not is_api_method(call.method)]
    if not calls:
        return
    staff = is_staff()
    for call in calls:
        if not staff and not _is_open(call.method):
            refuse()
        if staff or call.method in FOR_USERS:
            check_call(call, form)


def is_staff() -> bool:
    """Whether the session's user works in the office (stock Frappe: has access to the Desk)."""
    user = frappe.session.user
    return bool(user) and (user == "Administrator" or "Desk User" in frappe.get_roles(user))


def check_call(call: Call, form: dict[str, Any]) -> None:
    """A generic way: the rights on all that is named, before anything of it is looked up or told."""
    frappe.flags.generic_way = True
    short = call.method.rsplit(".", 1)[-1]
    if short == "upload_file":
        files.check_upload(form, is_staff())
        files.name_apart(frappe.local.request)
        return
    if not call.method and frappe.local.request.method in ("GET", "HEAD"):
        form.pop("doctype", None)  # the path names it, and lists take it but once
    for target in call.targets:
        asked = target
        if short == "has_permission":  # answers no for what is hidden, and for what does not exist
            asked = Target(target.doctype, None, "read")
        require(asked, strict=call.generic)
        check_values(target)
        check_links(target)
        if target.doctype == "File":
            files.check_values(target)
        of_desk = call.method.startswith("frappe.desk.reportview.")
        if call.generic or of_desk:
            fields.check(target.doctype, form)
            if documents.is_doctype(target.doctype):
                lists.check(target.doctype, form, of_desk, of_one=short in ("get", "get_value"))
    if call.method and not call.method.startswith("frappe.www."):
        _check_arguments(call.method, form)
    if call.method.startswith(_OF_DOCUMENTS):
        check_sent(form)
    if call.generic and short in ("run_doc_method", "runserverobj"):
        check_document_method(form)


def is_api_method(name: str) -> bool:
    """Whether it is a method that an app declares (`api_modules`) and whose decorator asks for roles itself."""
    module, _dot, attribute = _target(name).rpartition(".")
    declared = frappe.get_hooks("api_modules")
    if not any(module == each or module.startswith(f"{each}.") for each in declared):
        return False
    try:
        function = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError:
        return False
    return hasattr(function, "__api_method__") or hasattr(function, "__gateway_method__")


def _target(name: str) -> str:
    overrides = frappe.get_hooks("override_whitelisted_methods", {}).get(name)
    return overrides[-1] if overrides else name


def _check_arguments(method: str, form: dict[str, Any]) -> None:
    """ValidationError when the method cannot be called for want of arguments."""
    target = _target(method)
    try:
        function = frappe.get_attr(target if "." in target else f"frappe.handler.{target}")
    except (ImportError, AttributeError, ValueError, frappe.ValidationError):
        return  # Frappe says that there is no such method
    if not inspect.isfunction(function) or function not in frappe.whitelisted:
        return
    missing = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and name not in form
    ]
    if missing:
        frappe.throw(_("Missing argument: {0}").format(", ".join(missing)))


def _is_open(method: str) -> bool:
    if method in FOR_USERS:
        return frappe.session.user != "Guest"
    return method in FOR_ALL or method in frappe.get_hooks("open_methods")


def _is_generic_page(path: str) -> bool:
    """Pages for printing; stock Frappe shows them at `/<DocType>/<name>`, too."""
    first, _slash, rest = path.strip("/").partition("/")
    return first.lower() in _GENERIC_PAGES or bool(rest and frappe.db.exists("DocType", first))
