"""Jinja: one environment per process; what templates may use; templates found by name in the apps."""

from __future__ import annotations

from functools import lru_cache
from inspect import isfunction
from typing import Any

from jinja2 import DebugUndefined, Environment, FileSystemLoader, Template
from jinja2.sandbox import SandboxedEnvironment

import frappe
from frappe.utils.safe_exec import BUILTINS

_FRAPPE_NAMES = (
    "_", "_dict", "as_json", "bold", "form_dict", "get_all", "get_cached_doc", "get_doc", "get_hooks",
    "get_list", "get_meta", "get_system_settings", "lang", "msgprint", "parse_json", "render_template", "request",
    "response", "scrub", "session", "throw",
)  # fmt: skip
_DATABASE_READS = ("get_value", "get_values", "count", "exists", "get_single_value", "get_default", "escape")


def get_jenv() -> Environment:
    """The environment for the installed apps; names that depend on the request are proxies."""
    return _environment(tuple(frappe.get_installed_apps() or ["frappe"]))


@lru_cache(maxsize=16)
def _environment(apps: tuple[str, ...]) -> Environment:
    folders = [frappe.get_app_path(app, *sub) for app in reversed(apps) for sub in ((), ("templates",))]
    # As in Frappe nothing is escaped by itself (templates say `| e`) and unknown names stay visible.
    environment = SandboxedEnvironment(loader=FileSystemLoader(folders), undefined=DebugUndefined)
    environment.globals.update(BUILTINS, frappe=_safe_frappe(), _=frappe._, scrub=frappe.scrub)
    return environment


def _safe_frappe() -> Any:
    """What templates see as `frappe`: no modules; `frappe.db` only reads, and is bound late (each request has its own)."""

    def late(name: str) -> Any:
        return lambda *args, **kwargs: getattr(frappe.db, name)(*args, **kwargs)

    reads = {name: late(name) for name in _DATABASE_READS}
    db = frappe._dict(reads, get_list=frappe.get_list, get_all=frappe.get_all)
    utils = {name: item for name, item in vars(frappe.utils).items() if isfunction(item)}
    return frappe._dict(
        {name: getattr(frappe, name) for name in _FRAPPE_NAMES}, db=db, utils=frappe._dict(utils)
    )


@lru_cache(maxsize=512)
def _compiled(environment: Environment, source: str) -> Template:
    return environment.from_string(source)


def get_template(path: str) -> Template:
    """A template file of an app, e.g. `templates/receipt.html`."""
    return get_jenv().get_template(path)


def render_template(template: str, context: dict[str, Any] | None = None, is_path: bool | None = None) -> str:
    """Render a template given as text, or by path when it is one line that ends in .html (or `is_path`)."""
    if is_path is None:
        is_path = template.endswith(".html") and not set("\n{<") & set(template)
    if not is_path and ".__" in template:
        frappe.throw(frappe._("Illegal template"))
    found = get_template(template) if is_path else _compiled(get_jenv(), template)
    return found.render(context or {})
