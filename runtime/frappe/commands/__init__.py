"""What commands of apps are made with: `@pass_context` and `get_site` (Frappe's names)."""

from __future__ import annotations

from typing import Any

import click

import frappe

# `bench`'s context (`sites`) as first argument.
pass_context = click.pass_obj


def get_site(context: Any) -> str:
    """The site that the command is for: the first given, or the default one."""
    if not context.sites:
        raise frappe.SiteNotSpecifiedError
    return context.sites[0]
