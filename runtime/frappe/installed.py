"""Apps of the bench and of the site: their modules, paths, files and hooks."""

from __future__ import annotations

import importlib
import inspect
import json
import os
from functools import lru_cache
from types import ModuleType
from typing import Any

import frappe
from frappe.context import local, read_when_changed
from frappe.types import _dict


@lru_cache(maxsize=4096)
def scrub(txt: str) -> str:
    """`Market Fee` → `market_fee`."""
    return (txt or "").replace(" ", "_").replace("-", "_").lower()


def get_module(modulename: str) -> ModuleType:
    return importlib.import_module(modulename)


def get_attr(method_string: str) -> Any:
    """The object at a dotted path; its app must be installed on the site."""
    app_name = method_string.split(".", 1)[0]
    if not local.flags.in_install and app_name not in get_installed_apps():
        frappe.throw(
            frappe.messages.fill(frappe._("App {0} is not installed"), app_name), frappe.AppNotInstalledError
        )
    module_name, _dot, attribute = method_string.rpartition(".")
    return getattr(get_module(module_name), attribute)


@lru_cache(maxsize=2048)
def _parameters(fn: Any) -> tuple[frozenset[str], bool]:
    """Names, and whether any other is welcome, too."""
    parameters = inspect.signature(fn).parameters
    return frozenset(parameters), any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def call(fn: Any, *args: Any, **kwargs: Any) -> Any:
    """Call with the keyword arguments that the function knows; two never come from outside."""
    if isinstance(fn, str):
        fn = get_attr(fn)
    names, takes_any = _parameters(fn)
    known = {key: value for key, value in kwargs.items() if takes_any or key in names}
    known.pop("ignore_permissions", None)
    known.pop("flags", None)
    return fn(*args, **known)


# -- paths and files -----------------------------------------------------------------------------------------


def get_app_path(app_name: str, *joins: str) -> str:
    """Path inside the app's Python package."""
    module_file = get_module(scrub(app_name)).__file__
    return os.path.abspath(os.path.join(os.path.dirname(module_file or ""), *joins))


def get_site_path(*joins: str) -> str:
    return os.path.join(local.site_path, *joins)


def get_module_path(module: str, *joins: str) -> str:
    """Path inside the folder of a module, such as `Market Charges`."""
    return get_app_path(get_module_app(module), scrub(module), *joins)


def get_module_app(module: str) -> str:
    """The app that has the module (by `modules.txt`)."""
    app = local.module_app.get(scrub(module))
    if app is None:
        frappe.throw(
            frappe.messages.fill(frappe._("Module {} not found"), module), exc=frappe.DoesNotExistError
        )
    return app


# -- which apps ----------------------------------------------------------------------------------------------


def get_all_apps(sites_path: str | None = None) -> list[str]:
    """Apps of the bench (`sites/apps.txt`), this runtime first."""
    path = os.path.join(sites_path or local.sites_path or ".", "apps.txt")
    listed = read_when_changed(path, str.split) or []
    return ["frappe", *dict.fromkeys(app for app in listed if app != "frappe")]


def get_installed_apps() -> list[str]:
    """Apps of the current site in the order of installation."""
    if local.flags.in_install_db or not getattr(local, "db", None):
        return []
    front = frappe.cache.front("apps")
    apps = front.get("installed")
    if apps is None:
        apps = json.loads(local.db.get_default("installed_apps", "__global") or "[]")
        front["installed"] = apps
    return list(apps)


def get_module_list(app_name: str) -> list[str]:
    """Modules that the app's `modules.txt` names."""
    with open(get_app_path(app_name, "modules.txt"), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip()]


def setup_module_map() -> None:
    """Fill `local.module_app` (scrubbed module → app) and `local.app_modules`."""
    local.module_app, local.app_modules = _module_maps(tuple(get_all_apps()))


@lru_cache
def _module_maps(apps: tuple[str, ...]) -> tuple[dict[str, str], dict[str, list[str]]]:
    app_modules = {app: [scrub(module) for module in get_module_list(app)] for app in apps}
    return {module: app for app, modules in app_modules.items() for module in modules}, app_modules


# -- hooks ---------------------------------------------------------------------------------------------------


def append_hook(target: dict, key: str, value: Any) -> None:
    """Hooks of several apps add up: lists are joined, dictionaries merged key by key.

    A tuple as key (of DocTypes in `doc_events`) stands for each of its members.
    """
    if isinstance(value, dict):
        nested = target.setdefault(key, {})
        for keys, inner in value.items():
            for each in keys if isinstance(keys, tuple) else (keys,):
                append_hook(nested, each, inner)
    else:
        target.setdefault(key, []).extend(value if isinstance(value, list) else [value])


@lru_cache
def _hooks_of(apps: tuple[str, ...]) -> dict[str, Any]:
    hooks: dict[str, Any] = {}
    for app in apps:
        for key, value in vars(get_module(f"{app}.hooks")).items():
            if not key.startswith("_") and not inspect.isfunction(value) and not inspect.ismodule(value):
                append_hook(hooks, key, value)
    return hooks


def get_hooks(
    hook: str | None = None, default: Any = "_KEEP_DEFAULT_LIST", app_name: str | None = None
) -> Any:
    """Hooks of all installed apps (or one app): every value is a list, or a dictionary of lists."""
    hooks = _hooks_of((app_name,) if app_name else tuple(get_installed_apps()) or ("frappe",))
    if hook:
        return hooks.get(hook, [] if default == "_KEEP_DEFAULT_LIST" else default)
    return _dict(hooks)


def get_doc_hooks() -> dict[str, dict[str, list[str]]]:
    """`doc_events` by DocType."""
    return frappe.get_hooks("doc_events", {})


def forget_apps() -> None:
    """After an app was installed or removed."""
    frappe.cache.front("apps").clear()
    frappe.cache.invalidate_fronts()
    _module_maps.cache_clear()
    _hooks_of.cache_clear()
    setup_module_map()
