"""Jinja: one environment per process; what templates may use; templates found by name in the apps."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from jinja2 import ChoiceLoader, DebugUndefined, Environment, FileSystemLoader, Template
from jinja2.sandbox import SandboxedEnvironment

import frappe

_BUILTINS = (abs, all, any, bool, dict, enumerate, isinstance, list, max, min, range, set, sorted, sum, tuple)
_environments: dict[tuple[str, ...], Environment] = {}


def get_jenv() -> Environment:
    """The environment for the installed apps; names that depend on the request are proxies."""
    apps = tuple(frappe.get_installed_apps() or ["frappe"])
    environment = _environments.get(apps)
    if environment is None:
        environment = _environments[apps] = _make_environment(apps)
    return environment


def _make_environment(apps: tuple[str, ...]) -> Environment:
    folders = [frappe.get_app_path(app) for app in reversed(apps)]
    loaders = [FileSystemLoader([folder, os.path.join(folder, "templates")]) for folder in folders]
    # As in Frappe nothing is escaped by itself (templates say `| e`) and unknown names stay visible.
    environment = SandboxedEnvironment(loader=ChoiceLoader(loaders), undefined=DebugUndefined, cache_size=400)
    environment.globals.update(_template_globals())
    environment.filters.update(_template_filters())
    methods, filters = _hooked("methods"), _hooked("filters")
    environment.globals.update(methods)
    environment.filters.update(filters)
    return environment


def _hooked(kind: str) -> dict[str, Any]:
    """`jinja = {"methods": [...], "filters": [...]}` of the apps: functions, or all functions of a module."""
    found: dict[str, Any] = {}
    for path in (frappe.get_hooks("jinja") or {}).get(kind, []):
        target = _import(path)
        if callable(target):
            found[path.rpartition(".")[2]] = target
        else:
            found.update(
                {name: item for name, item in vars(target).items() if callable(item) and name[0] != "_"}
            )
    return found


def _import(path: str) -> Any:
    try:
        return frappe.get_module(path)
    except ModuleNotFoundError:
        return frappe.get_attr(path)


_DATABASE_READS = (
    "get_value",
    "get_values",
    "count",
    "exists",
    "get_single_value",
    "get_default",
    "escape",
    "sql",
)


def _read_only_db() -> Any:
    """`frappe.db` of templates: what reads. Bound late, because every request has its own connection."""

    def late(name: str) -> Any:
        return lambda *args, **kwargs: getattr(frappe.db, name)(*args, **kwargs)

    reads = {name: late(name) for name in _DATABASE_READS if name != "sql"}
    return frappe._dict(reads, sql=_select, get_list=frappe.get_list, get_all=frappe.get_all)


def _select(query: str, *args: Any, **kwargs: Any) -> Any:
    if not query.strip().lower().startswith(("select", "with")):
        frappe.throw(frappe._("Query must be of SELECT type."), frappe.PermissionError)
    return frappe.db.sql(query, *args, **kwargs)


_FRAPPE_NAMES = (
    "format_value", "session", "form_dict", "utils", "get_meta", "get_doc", "get_cached_doc", "get_list", "get_all",
    "get_system_settings", "render_template", "get_hooks", "parse_json", "bold", "scrub", "throw", "msgprint",
    "flags", "lang", "request", "response", "get_print", "call", "new_doc", "get_last_doc", "_dict", "as_json",
)  # fmt: skip


def _template_globals() -> dict[str, Any]:
    utils = frappe.utils
    safe = frappe._dict({name: getattr(frappe, name) for name in _FRAPPE_NAMES if hasattr(frappe, name)})
    safe.update(
        db=_read_only_db(),
        _=frappe._,
        format=frappe.format_value,
        format_date=utils.format_date,
        get_url=utils.get_url,
    )
    return {
        "frappe": safe,
        "_": frappe._,
        "_dict": frappe._dict,
        "as_json": frappe.as_json,
        "json": frappe._dict(loads=frappe.parse_json, dumps=frappe.as_json),
        "scrub": frappe.scrub,
        **{function.__name__: function for function in _BUILTINS},
    }


def _template_filters() -> dict[str, Any]:
    utils = frappe.utils
    return {
        "json": frappe.as_json,
        "len": len,
        "int": utils.cint,
        "str": utils.cstr,
        "flt": utils.flt,
        "abs_url": utils.get_url,
        "global_date_format": utils.format_date,
    }


@lru_cache(maxsize=512)
def _compiled(environment: Environment, source: str) -> Template:
    return environment.from_string(source)


def get_template(path: str) -> Template:
    """A template file of an app, e.g. `templates/receipt.html`."""
    return get_jenv().get_template(path)


def render_template(
    template: str,
    context: dict[str, Any] | None = None,
    is_path: bool | None = None,
    safe_render: bool = True,
) -> str:
    """Render a template given as text, or by path when it looks like one (or `is_path`)."""
    if not template:
        return ""
    if is_path or (is_path is None and guess_is_path(template)):
        return get_template(template).render(context or {})
    if safe_render and ".__" in template:
        frappe.throw(frappe._("Illegal template"))
    return _compiled(get_jenv(), template).render(context or {})


def guess_is_path(template: str) -> bool:
    """One line that ends like a template file name."""
    return (
        "\n" not in template
        and "{" not in template
        and "<" not in template
        and (template.lower().endswith((".html", ".md", ".css", ".txt", ".xml", ".json")))
    )
