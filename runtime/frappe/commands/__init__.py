"""What commands of apps are made with: `@pass_context` and `get_site` (Frappe's names)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

import frappe


def pass_context(function: Callable) -> Callable:
    """Pass `bench`'s context (`sites`) as first argument."""

    @functools.wraps(function)
    @click.pass_context
    def wrapper(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        return context.invoke(function, frappe._dict(context.obj or {}), *args, **kwargs)

    return wrapper


def get_site(context: Any) -> str:
    """The site that the command is for: the first given, or the default one."""
    if not context.sites:
        raise frappe.SiteNotSpecifiedError
    return context.sites[0]
