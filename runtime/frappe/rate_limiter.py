"""`@rate_limit` on methods: counters in the shared cache hold over all processes and survive a rollback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _


def rate_limit(
    key: str | None = None,
    limit: int | Callable[[], int] = 5,
    seconds: int = 24 * 60 * 60,
    methods: str | list[str] = "ALL",
    ip_based: bool = True,
) -> Callable:
    """At most `limit` calls in `seconds`, counted by the argument called `key`, by IP address, or by both."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            request = getattr(frappe.local, "request", None)
            if request and (methods == "ALL" or request.method in methods):
                value = kwargs.get(key) or frappe.form_dict.get(key) if key else None
                address = frappe.local.request_ip if ip_based else None
                identity = ":".join(str(part) for part in (value, address) if part)
                if not identity:
                    frappe.throw(_("Either key or IP flag is required."))
                counter = frappe.cache.make_key(f"rl:{frappe.form_dict.cmd}:{identity}")
                calls = int(frappe.cache.incrby(counter, 1))
                if calls == 1:
                    frappe.cache.expire(counter, seconds)
                if calls > (limit() if callable(limit) else limit):
                    advice = _(
                        "You hit the rate limit because of too many requests. Please try after sometime."
                    )
                    frappe.throw(advice, frappe.RateLimitExceededError)
            return function(*args, **kwargs)

        return wrapper

    return decorate
