"""`frappe.utils`: what apps import from here lives in the small modules beside this file."""

from __future__ import annotations

from pathlib import Path

import frappe
from frappe.utils.data import *  # noqa: F403


def get_fullname(user: str | None = None) -> str:
    """The user's full name, the user itself when there is none."""
    user = user or frappe.session.user
    return frappe.get_cached_value("User", user, "full_name") or user


def get_sites(sites_path: str = ".") -> list[str]:
    """Names of the sites of this bench."""
    return sorted(path.parent.name for path in Path(sites_path).glob("*/site_config.json"))
