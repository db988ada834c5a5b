"""The page /login; `redirect-to` is where to go afterwards, on this site only."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import frappe

# Browsers take a backslash for a slash and drop tabs and line breaks, so that //host comes about.
_MISREAD = re.compile(r"[\x00-\x20\x7f\\]")


def get_context(context: Any) -> dict[str, Any]:
    return {"target": on_this_site(frappe.form_dict.get("redirect-to") or "")}


def on_this_site(address: str) -> str:
    """The path on this site that the address names, or `/`."""
    if _MISREAD.search(address) or not address.startswith("/") or address.startswith("//"):
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc else address
