"""Decorator for the methods that gateways call with a raw, signed body: `@gateway_method({200: "…", 401: "…"})`.

Such a method verifies the body itself and answers in the gateway's own form. It is an ordinary `frappe.whitelist`ed
function open to guests, POST only; what it may answer is kept for the API reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import frappe


@dataclass(frozen=True)
class GatewayMethod:
    """What is known about such an endpoint: status code → when it is answered."""

    function: Callable[..., Any]
    answers: Mapping[int, str]


def gateway_method(answers: Mapping[int, str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function without arguments an endpoint for gateways."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        endpoint = frappe.whitelist(allow_guest=True, methods=["POST"])(function)
        endpoint.__gateway_method__ = GatewayMethod(function, dict(answers))
        return endpoint

    return decorate
