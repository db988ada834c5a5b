"""Decorators that remember what a function returned: for the request, for this process, or for all processes."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import frappe

F = TypeVar("F", bound=Callable[..., Any])


def _key(args: tuple, kwargs: dict) -> Hashable | None:
    """The arguments as a dictionary key, or None when one of them cannot be hashed (then nothing is kept)."""
    key = (args, tuple(sorted(kwargs.items())))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def request_cache(function: F) -> F:
    """Remember until the request or job ends."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = _key(args, kwargs)
        if key is None or not getattr(frappe.local, "initialised", False):
            return function(*args, **kwargs)
        known = frappe.local.request_cache[function]
        if key not in known:
            known[key] = function(*args, **kwargs)
        return known[key]

    return wrapper  # type: ignore[return-value]


def site_cache(ttl: int | Callable | None = None, maxsize: int | None = None) -> Any:
    """Remember per site in this process, for `ttl` seconds if given; `clear_cache` on the function forgets."""
    if callable(ttl):
        return site_cache()(ttl)

    def decorate(function: F) -> F:
        kept: dict[tuple[str, Hashable], tuple[float, Any]] = {}

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            key = _key(args, kwargs)
            site = getattr(frappe.local, "site", None)
            if key is None or site is None:
                return function(*args, **kwargs)
            found = kept.get((site, key))
            now = time.monotonic()
            if found and (ttl is None or now - found[0] < ttl):
                return found[1]
            value = function(*args, **kwargs)
            if maxsize and len(kept) >= maxsize:
                kept.pop(next(iter(kept)))
            kept[(site, key)] = (now, value)
            return value

        wrapper.clear_cache = kept.clear  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate


def redis_cache(
    ttl: int | Callable | None = 3600, user: str | bool | None = None, shared: bool = False
) -> Any:
    """Remember in `frappe.cache`, so for every process, for `ttl` seconds."""
    if callable(ttl):
        return redis_cache()(ttl)

    def decorate(function: F) -> F:
        name = f"{function.__module__}.{function.__qualname__}"

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            key = f"{name}::{args!r}{sorted(kwargs.items())!r}"
            found = frappe.cache.get_value(key, user=user, expires=True)
            if found is None:
                found = function(*args, **kwargs)
                frappe.cache.set_value(key, found, user=user, expires_in_sec=ttl)
            return found

        wrapper.clear_cache = lambda: frappe.cache.delete_keys(f"{name}::")  # type: ignore[attr-defined]
        return wrapper  # type: ignore[return-value]

    return decorate
