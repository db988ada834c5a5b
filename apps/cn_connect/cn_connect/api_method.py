"""The one decorator around whitelisted methods: `@api_method(methods=["POST"], roles=["Market Cashier"])`.

It answers what the API contract promises and stock Frappe does not: 417 for missing or unknown arguments, a role check
from the session that fails closed, a stable `error_code` in every error body, whole-request retries after deadlocks
(then 503), answers kept for clients that repeat a write with the same `Idempotency-Key`, and values in wire format.
The result is an ordinary `frappe.whitelist`ed function whose type hints Frappe enforces. The method's file must
not import annotations from `__future__`: that turns the hints into strings, which Frappe does not check.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import frappe
from cn_connect import idempotency, retry
from cn_connect.api_bounds import bounded
from cn_connect.api_errors import describe, refuse
from cn_connect.wire import to_wire
from frappe import _
from frappe.utils.typing_validations import validate_argument_types

# What Frappe itself puts beside the arguments of a method.
_RESERVED = {"cmd", "csrf_token", "sid", "_", "_lang", "data_format"}


@dataclass(frozen=True)
class ApiMethod:
    """What is known about an endpoint; `openapi` builds its documentation from it."""

    function: Callable[..., Any]
    call: Callable[..., Any]
    methods: tuple[str, ...]
    roles: tuple[str, ...]
    allow_guest: bool

    @property
    def name(self) -> str:
        return f"{self.function.__module__}.{self.function.__name__}"

    @property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.function)


@dataclass(frozen=True)
class Download:
    """Marks an endpoint whose answer is a file: `-> Annotated[None, Download("application/pdf")]`."""

    media_type: str


def api_method(
    methods: Sequence[str] = ("POST",), roles: Sequence[str] = (), allow_guest: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function an endpoint for `roles`, or for anybody with `allow_guest`. Use "All" for any signed-in user.

    Raises ValueError at import when neither is given: an endpoint nobody thought about is open to nobody.
    """
    if bool(roles) == bool(allow_guest):
        raise ValueError("api_method needs either roles or allow_guest=True")

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        described = ApiMethod(
            function, validate_argument_types(bounded(function)), tuple(methods), tuple(roles), allow_guest
        )

        @functools.wraps(function)
        def endpoint(*args: Any, **kwargs: Any) -> Any:
            return _answer(described, args, kwargs)

        endpoint.__api_method__ = described  # type: ignore[attr-defined]
        # Frappe's check of the types runs inside (`call`), where its error gets a code and a message as any other;
        # a function that shows no annotations is not checked a second time by `whitelist`.
        endpoint.__annotations__ = {}
        endpoint.__signature__ = _bare(described.signature)  # type: ignore[attr-defined]
        # Who may call is checked in `_answer`: Frappe refuses guests before that, as 403, without a code, and in words
        # that tell nobody to sign in.
        return frappe.whitelist(allow_guest=True, methods=list(methods))(endpoint)

    return decorate


def _bare(signature: inspect.Signature) -> inspect.Signature:
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return inspect.Signature(parameters)


def _answer(method: ApiMethod, args: tuple, kwargs: dict) -> Any:
    try:
        _check_roles(method)
        if not _is_dispatched(method):
            # Called from Python: the caller owns the transaction, so nothing here may roll it back or repeat it.
            return to_wire(method.call(**_bind(method, args, kwargs)))
        frappe.flags.in_api_method = True
        try:
            _refuse_unknown(method)
            arguments = _bind(method, args, kwargs)

            def work() -> Any:
                return to_wire(method.call(**arguments))

            return retry.whole(lambda: idempotency.once(method.name, arguments, work))
        finally:
            frappe.flags.in_api_method = False
    except Exception as error:
        described = describe(error)
        if described is error:
            raise
        raise described from error


def _is_dispatched(method: ApiMethod) -> bool:
    """Whether this very call is what the HTTP request asked for (and not a call among Python functions)."""
    request = getattr(frappe.local, "request", None)
    if request is None or frappe.flags.get("in_api_method"):
        return False
    asked = frappe.form_dict.get("cmd") or request.path
    return asked.replace("/", ".").rsplit(".", 1)[-1] == method.function.__name__


def _check_roles(method: ApiMethod) -> None:
    if method.allow_guest:
        return
    user = frappe.session.user
    if not user or user == "Guest":
        frappe.throw(_("Please sign in."), frappe.AuthenticationError)
    if not set(method.roles) & set(frappe.get_roles(user)):
        frappe.throw(_("You are not allowed to do this."), frappe.PermissionError)


def _refuse_unknown(method: ApiMethod) -> None:
    unknown = sorted(set(frappe.form_dict) - set(method.signature.parameters) - _RESERVED)
    if unknown:
        refuse(_("Unknown argument: {0}").format(", ".join(unknown)), "INVALID_ARGUMENTS")


def _bind(method: ApiMethod, args: tuple, kwargs: dict) -> dict[str, Any]:
    signature = method.signature
    given = set(kwargs) | set(list(signature.parameters)[: len(args)])
    required = {name for name, p in signature.parameters.items() if p.default is inspect.Parameter.empty}
    missing = sorted(required - given)
    if missing:
        refuse(_("Missing argument: {0}").format(", ".join(missing)), "INVALID_ARGUMENTS")
    try:
        return dict(signature.bind(*args, **kwargs).arguments)
    except TypeError as error:
        refuse(_("The arguments do not fit: {0}").format(error), "INVALID_ARGUMENTS")
