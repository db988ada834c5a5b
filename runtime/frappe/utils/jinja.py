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
    "get_list", "get_meta", "get_system_settings", "lang", "msgprint", "parse_json", "render_template", "scrub", "throw",
)  # fmt: skip
_DOCUMENT_READS = ("get_value", "get_values", "count", "exists", "get_single_value")


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

    def late_of_doctype(name: str) -> Any:
        def read(doctype: Any, *args: Any, **kwargs: Any) -> Any:
            # Other tables hold sessions and passwords.
            frappe.get_meta(doctype["doctype"] if isinstance(doctype, dict) else doctype)
            return getattr(frappe.db, name)(doctype, *args, **kwargs)

        return read

    reads = {name: late_of_doctype(name) for name in _DOCUMENT_READS}
    reads |= {name: late(name) for name in ("get_default", "escape")}
    db = frappe._dict(reads, get_list=frappe.get_list, get_all=frappe.get_all)
    utils = {name: item for name, item in vars(frappe.utils).items() if isfunction(item)}
    names = {name: getattr(frappe, name) for name in _FRAPPE_NAMES}
    return frappe._dict(names, db=db, utils=frappe._dict(utils), session=_Session(), request=_Request())


class _Session:
    """Who is asking; nothing by which another could go on as that person."""

    user = property(lambda self: frappe.session.user)


class _Request:
    """What was asked for; neither headers nor the environment that the process runs in."""

    path = property(lambda self: frappe.request.path)
    method = property(lambda self: frappe.request.method)


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
