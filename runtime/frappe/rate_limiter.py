"""Rate limits: `@rate_limit` on methods, and an optional budget of seconds for the whole site.

Counters live in the shared cache, so they hold over all processes and are not undone by a rollback.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

import frappe
from frappe import _
from frappe.utils import cint


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
            wanted = methods if isinstance(methods, str) else [method.upper() for method in methods]
            if request is None or (wanted != "ALL" and request.method.upper() not in wanted):
                return function(*args, **kwargs)
            value = kwargs.get(key) or frappe.form_dict.get(key) if key else None
            address = frappe.local.request_ip if ip_based else None
            identity = ":".join(str(part) for part in (value, address) if part)
            if not identity:
                frappe.throw(_("Either key or IP flag is required."))
            allowed = limit() if callable(limit) else limit
            counter = f"rl:{frappe.form_dict.cmd}:{identity}"
            count = frappe.cache.incrby(counter, 1)
            if count == 1:
                frappe.cache.expire(counter, seconds)
            if count > allowed:
                frappe.throw(
                    _("You hit the rate limit because of too many requests. Please try after sometime."),
                    frappe.RateLimitExceededError,
                )
            return function(*args, **kwargs)

        return wrapper

    return decorate


class RateLimiter:
    """The site's budget (`rate_limit: {limit, window}` in site_config): seconds of work per window."""

    def __init__(self, limit: float, window: int) -> None:
        self.limit = int(limit * 1_000_000)
        self.window = window
        self.started = time.perf_counter()
        number, passed = divmod(int(time.time()), window)
        self.reset = window - passed
        self.key = f"rate-limit-counter-{number}"
        self.used = cint(frappe.cache.get(self.key) or 0)
        self.rejected = False

    def apply(self) -> None:
        if self.used > self.limit:
            self.rejected = True
            raise frappe.TooManyRequestsError

    def headers(self) -> dict[str, int]:
        microseconds = int((time.perf_counter() - self.started) * 1_000_000)
        headers = {
            "X-RateLimit-Reset": self.reset,
            "X-RateLimit-Limit": self.limit,
            "X-RateLimit-Remaining": max(self.limit - self.used - microseconds, 0),
        }
        if self.rejected:
            headers["Retry-After"] = self.reset
        else:
            headers["X-RateLimit-Used"] = microseconds
            frappe.cache.incrby(self.key, microseconds)
            frappe.cache.expire(self.key, self.window)
        return headers


def apply() -> None:
    """Start counting this request, or refuse it."""
    budget = frappe.local.conf.get("rate_limit")
    if budget:
        frappe.local.rate_limiter = RateLimiter(budget["limit"], budget["window"])
        frappe.local.rate_limiter.apply()


def add_headers(response: Response) -> None:
    limiter = getattr(frappe.local, "rate_limiter", None)
    if limiter:
        for name, value in limiter.headers().items():
            response.headers[name] = str(value)
