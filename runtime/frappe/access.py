"""Who may call what: whitelisted functions, roles, request methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import frappe
from frappe.context import local

allowed_http_methods_for_whitelisted_func: dict[Callable, list[str]] = {}
whitelisted = allowed_http_methods_for_whitelisted_func.keys()
guest_methods: set[Callable] = set()


def _types_are_checked() -> bool:
    return bool(getattr(local, "request", None) or local.flags.in_test)


def whitelist(allow_guest: bool = False, methods: list[str] | None = None) -> Callable[[Any], Any]:
    """Decorator: the function may be called over HTTP; its annotated argument types are enforced."""

    def decorate(fn: Any) -> Any:
        from frappe.utils.typing_validations import validate_argument_types

        checked = validate_argument_types(fn, apply_condition=_types_are_checked)
        allowed_http_methods_for_whitelisted_func[checked] = methods or ["GET", "POST", "PUT", "DELETE"]
        if allow_guest:
            guest_methods.add(checked)
        return checked

    return decorate


def is_whitelisted(method: Any) -> None:
    """PermissionError unless the session's user may call the function over HTTP."""
    from frappe.utils import sanitize_html

    is_guest = local.session["user"] == "Guest"
    # A name may lead to anything: data, modules, proxies of the request. Only functions can be whitelisted.
    is_function = type(method) is FunctionType
    if not is_function or method not in whitelisted or (is_guest and method not in guest_methods):
        name = f"{method.__module__}.{method.__name__}" if is_function else "?"
        refusal = frappe._("You are not permitted to access this resource.")
        reason = frappe._("Function {0} is not whitelisted.").format(frappe.bold(name))
        frappe.throw(f"{refusal} {reason}", frappe.PermissionError, frappe._("Method Not Allowed"))
    if is_guest:
        for key, value in local.form_dict.items():
            if isinstance(value, str):
                local.form_dict[key] = sanitize_html(value)


def only_for(roles: Iterable[str] | str) -> None:
    """PermissionError unless the user has one of the roles (Administrator and tests excepted)."""
    if local.flags.in_test or local.session.user == "Administrator":
        return
    wanted = {roles} if isinstance(roles, str) else set(roles)
    if wanted.isdisjoint(frappe.get_roles()):
        raise frappe.PermissionError


def has_permission(
    doctype: str | None = None,
    ptype: str = "read",
    doc: Any = None,
    user: str | None = None,
    throw: bool = False,
    *,
    parent_doctype: str | None = None,
) -> bool:
    """May the user do `ptype` with the DocType or the document? With `throw` a refusal raises."""
    doctype = doctype or doc.doctype
    allowed = frappe.permissions.has_permission(
        doctype, ptype, doc=doc, user=user, print_logs=throw, parent_doctype=parent_doctype
    )
    if throw and not allowed:
        raise frappe.PermissionError(
            frappe.messages.fill(frappe._("No permission for {0}"), frappe._(doctype))
        )
    return allowed
