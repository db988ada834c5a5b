"""`frappe.utils`: what apps import from here lives in the small modules beside this file."""

# ruff: noqa: F401  what is imported here is for others to import from here
from __future__ import annotations

import os
import secrets
import string
from collections.abc import Generator, Iterable
from typing import Any

import frappe
from frappe.utils.callbacks import CallbackManager
from frappe.utils.data import *  # noqa: F403
from frappe.utils.data import cint
from frappe.utils.text import dict_to_str, sanitize_html, strip_html_tags
from frappe.utils.validating import (
    extract_email_id,
    parse_addr,
    split_emails,
    validate_email_address,
    validate_name,
    validate_phone_number,
    validate_phone_number_with_country_code,
    validate_url,
)

_LETTERS = string.ascii_letters + string.digits


def random_string(length: int) -> str:
    """Letters and digits, fit for secrets."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def parse_json(val: Any) -> Any:
    """A JSON text read (objects as `_dict`); other values stay."""
    return frappe.parse_json(val)


def get_fullname(user: str | None = None) -> str:
    """The user's full name, the user itself when there is none."""
    user = user or frappe.session.user
    return frappe.get_cached_value("User", user, "full_name") or user


def get_formatted_email(user: str, mail: str | None = None) -> str:
    from email.utils import formataddr

    mail = mail or frappe.db.get_value("User", user, "email") or user
    name = get_fullname(user)
    return formataddr((name, mail)) if name != mail else mail


def get_traceback(with_context: bool = False) -> str:
    return frappe.get_traceback(with_context)


def get_site_path(*path: str) -> str:
    return frappe.get_site_path(*path)


get_path = get_site_path


def get_site_base_path() -> str:
    return frappe.local.site_path


def get_files_path(*path: str, **kwargs: Any) -> str:
    """The folder of public files, of private ones with `is_private=1`."""
    return get_site_path("private" if cint(kwargs.get("is_private")) else "public", "files", *path)


def get_backups_path() -> str:
    return get_site_path("private", "backups")


def get_bench_path() -> str:
    """The folder that holds sites/ and apps/."""
    return os.environ.get("FRAPPE_BENCH_ROOT") or os.path.dirname(os.path.abspath(frappe.local.sites_path))


def get_sites(sites_path: str | None = None) -> list[str]:
    """Names of the sites of this bench."""
    folder = sites_path or getattr(frappe.local, "sites_path", None) or "."
    return sorted(
        name for name in os.listdir(folder) if os.path.exists(os.path.join(folder, name, "site_config.json"))
    )


def get_file_size(path: str, format: bool = False) -> Any:
    """Bytes, or with `format` a text like "1.5 MB"."""
    size: float = os.path.getsize(path)
    if not format:
        return size
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.1f} {unit}"
        size /= 1024
    return size


def touch_file(path: str) -> str:
    with open(path, "a", encoding="utf-8"):
        os.utime(path, None)
    return path


def create_batch(iterable: Iterable, size: int) -> Generator[Iterable, None, None]:
    """The items in lists of `size`."""
    items = list(iterable)
    for start in range(0, len(items), size):
        yield items[start : start + size]


def squashify(what: Any) -> Any:
    """The only item of a list, else the list."""
    return what[0] if isinstance(what, (list, tuple)) and len(what) == 1 else what


def list_to_str(seq: Iterable, sep: str = ", ") -> str:
    return sep.join(str(item) for item in seq)


def call_hook_method(hook: str, *args: Any, **kwargs: Any) -> Any:
    """Call every function of a hook; the first result that is not None."""
    out = None
    for method_name in frappe.get_hooks(hook):
        result = frappe.get_attr(method_name)(*args, **kwargs)
        out = result if out is None else out
    return out


def is_cli() -> bool:
    """No request and no job is under way."""
    return getattr(frappe.local, "request", None) is None and getattr(frappe.local, "job", None) is None


def set_request(**kwargs: Any) -> None:
    """Pretend a request, for code that needs one."""
    from werkzeug.test import EnvironBuilder
    from werkzeug.wrappers import Request

    frappe.local.request = Request(EnvironBuilder(**kwargs).get_environ())
