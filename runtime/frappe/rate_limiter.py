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
                if count_up(counter, 1, seconds) > (limit() if callable(limit) else limit):
                    frappe.throw(
                        _("You hit the rate limit because of too many requests. Please try after sometime."),
                        frappe.RateLimitExceededError,
                    )
            return function(*args, **kwargs)

        return wrapper

    return decorate


def count_up(counter: str, amount: int, seconds: int) -> int:
    """Add to a counter that ends `seconds` after its first count; answers the new count."""
    count = int(frappe.cache.incrby(counter, amount))
    if count == amount:
        frappe.cache.expire(counter, seconds)
    return count


class RateLimiter:
    """The site's budget (`rate_limit: {limit, window}` in site_config): seconds of work per window of seconds."""

    def __init__(self, limit: float, window: int) -> None:
        self.limit, self.window = int(limit * 1_000_000), window
        self.started = time.perf_counter()
        number, passed = divmod(int(time.time()), window)
        self.reset = window - passed
        self.key = frappe.cache.make_key(f"rate-limit-counter-{number}")
        self.used = int(frappe.cache.get(self.key) or 0)
        self.rejected = self.used > self.limit

    def headers(self) -> dict[str, int]:
        microseconds = int((time.perf_counter() - self.started) * 1_000_000)
        headers = {
            "X-RateLimit-Reset": self.reset,
            "X-RateLimit-Limit": self.limit,
            "X-RateLimit-Remaining": max(self.limit - self.used - microseconds, 0),
        }
        if self.rejected:
            return {**headers, "Retry-After": self.reset}
        count_up(self.key, microseconds, self.window)
        return {**headers, "X-RateLimit-Used": microseconds}


def apply() -> None:
    """Start counting this request, or refuse it."""
    if budget := frappe.local.conf.get("rate_limit"):
        frappe.local.rate_limiter = RateLimiter(budget["limit"], budget["window"])
        if frappe.local.rate_limiter.rejected:
            raise frappe.TooManyRequestsError


def add_headers(response: Response) -> None:
    if limiter := getattr(frappe.local, "rate_limiter", None):
        for name, value in limiter.headers().items():
            response.headers[name] = str(value)
