"""`frappe.utils`: what apps import from here lives in the small modules beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import frappe
from frappe.utils.data import *  # noqa: F403


def get_fullname(user: str | None = None) -> str:
    """The user's full name, the user itself when there is none."""
    user = user or frappe.session.user
    return frappe.get_cached_value("User", user, "full_name") or user


def get_files_path(*path: str, is_private: Any = False) -> str:
    """The folder of the site's public or private files, or of what lies below it."""
    return frappe.get_site_path("private" if is_private else "public", "files", *path)


def get_sites(sites_path: str = ".") -> list[str]:
    """Names of the sites of this bench."""
    return sorted(path.parent.name for path in Path(sites_path).glob("*/site_config.json"))
