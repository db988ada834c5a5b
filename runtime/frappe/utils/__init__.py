"""`frappe.utils`: what apps import from here lives in the small modules beside this file."""

from __future__ import annotations

import os

import frappe
from frappe.utils.data import *  # noqa: F403


def get_fullname(user: str | None = None) -> str:
    """The user's full name, the user itself when there is none."""
    user = user or frappe.session.user
    return frappe.get_cached_value("User", user, "full_name") or user


def get_sites(sites_path: str | None = None) -> list[str]:
    """Names of the sites of this bench."""
    folder = sites_path or getattr(frappe.local, "sites_path", None) or "."
    return sorted(
        name for name in os.listdir(folder) if os.path.exists(os.path.join(folder, name, "site_config.json"))
    )
