"""Who may call what: whitelisted functions, roles, request methods."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import frappe
from frappe.context import local

whitelisted: set[Callable] = set()
guest_methods: set[Callable] = set()
xss_safe_methods: set[Callable] = set()
allowed_http_methods_for_whitelisted_func: dict[Callable, list[str]] = {}


def _types_are_checked() -> bool:
    return bool(getattr(local, "request", None) or local.flags.in_test)


def whitelist(
    allow_guest: bool = False, xss_safe: bool = False, methods: list[str] | None = None
) -> Callable[[Any], Any]:
    """Decorator: the function may be called over HTTP; its annotated argument types are enforced."""
    methods = methods or ["GET", "POST", "PUT", "DELETE"]

    def decorate(fn: Any) -> Any:
        from frappe.utils.typing_validations import validate_argument_types

        if isinstance(fn, staticmethod | classmethod):
            inner = validate_argument_types(fn.__func__, apply_condition=_types_are_checked)
            result: Any = type(fn)(inner)
        else:
            inner = result = validate_argument_types(fn, apply_condition=_types_are_checked)
        whitelisted.add(inner)
        allowed_http_methods_for_whitelisted_func[inner] = methods
        if allow_guest:
            guest_methods.add(inner)
            if xss_safe:
                xss_safe_methods.add(inner)
        return result

    return decorate


def is_whitelisted(method: Any) -> None:
    """PermissionError unless the session's user may call the function over HTTP."""
    from frappe.utils import sanitize_html

    is_guest = local.session["user"] == "Guest"
    if method not in whitelisted or (is_guest and method not in guest_methods):
        name = f"{method.__module__}.{method.__name__}"
        frappe.throw(
            "<details><summary>{}</summary>{}</details>".format(
                frappe._("You are not permitted to access this resource."),
                frappe._("Function {0} is not whitelisted.").format(frappe.bold(name)),
            ),
            frappe.PermissionError,
            title=frappe._("Method Not Allowed"),
        )
    if is_guest and method not in xss_safe_methods:
        for key, value in local.form_dict.items():
            if isinstance(value, str):
                local.form_dict[key] = sanitize_html(value)


def read_only() -> Callable[[Any], Any]:
    """Decorator: may use a replica. There is none here; the function runs as it is."""

    def decorate(fn: Any) -> Any:
        @functools.wraps(fn)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return fn(*args, **frappe.get_newargs(fn, kwargs))

        return wrapper

    return decorate


def only_for(roles: Iterable[str] | str, message: bool = False) -> None:
    """PermissionError unless the user has one of the roles (Administrator and tests excepted)."""
    if local.flags.in_test or local.session.user == "Administrator":
        return
    wanted = {roles} if isinstance(roles, str) else set(roles)
    if wanted.isdisjoint(get_roles()):
        if message:
            names = ", ".join(frappe.bold(frappe._(role)) for role in sorted(wanted))
            frappe.throw(
                frappe._("This action is only allowed for {}").format(names),
                frappe.PermissionError,
                frappe._("Not Permitted"),
            )
        raise frappe.PermissionError


def get_roles(username: str | None = None) -> list[str]:
    """Roles of a user, of the session's user if none is named."""
    if not getattr(local, "session", None) or not local.session.user:
        return ["Guest"]
    from frappe.permissions import get_roles as roles_of

    return roles_of(username or local.session.user)


def has_permission(
    doctype: str | None = None,
    ptype: str = "read",
    doc: Any = None,
    user: str | None = None,
    verbose: bool = False,
    throw: bool = False,
    *,
    parent_doctype: str | None = None,
    debug: bool = False,
    ignore_share_permissions: bool = False,
) -> bool:
    """May the user do `ptype` with the DocType or the document? With `throw` a refusal raises."""
    from frappe.permissions import has_permission as check

    doctype = doctype or doc.doctype
    allowed = check(doctype, ptype, doc=doc, user=user, print_logs=throw, parent_doctype=parent_doctype)
    if throw and not allowed:
        what = (
            frappe._(doctype)
            if not doc
            else f"{frappe._(doctype)} {doc if isinstance(doc, str) else doc.name}"
        )
        local.flags.error_message = frappe._("No permission for {0}").format(what)
        raise frappe.PermissionError(local.flags.error_message)
    return bool(allowed)
