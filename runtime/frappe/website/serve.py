"""Pages: the `www` folders of the apps, `website_route_rules`, and plain pages for errors."""

from __future__ import annotations

import os
from functools import lru_cache
from types import ModuleType
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

import frappe
from frappe import _
from frappe.utils import escape_html
from frappe.utils.jinja import get_template

_MIMETYPES = {".html": "text/html", ".txt": "text/plain", ".xml": "application/xml", ".js": "text/javascript"}
_route_maps: dict[tuple[str, ...], Map] = {}


def get_response(path: str | None = None, http_status_code: int = 200) -> Response:
    """The page of the request's path; errors become pages, too."""
    try:
        return render(resolve(path if path is not None else frappe.local.request.path), http_status_code)
    except frappe.Redirect as error:
        return redirect(frappe.local.flags.redirect_location or "/", getattr(error, "http_status_code", 302))
    except frappe.PermissionError as error:
        return not_permitted_page(error)
    except (frappe.DoesNotExistError, frappe.PageDoesNotExistError):
        return message_page(_("Page not found"), _("The page you are looking for does not exist."), 404)


def resolve(path: str) -> str:
    """The route behind a path: the home page for /, and what `website_route_rules` say."""
    path = path.strip("/ ")
    if path.endswith(".html"):
        path = path[: -len(".html")]
    if path in ("", "index"):
        return get_home_page()
    try:
        route, arguments = _route_map().bind("").match("/" + path)
    except HTTPException:
        return path
    frappe.local.form_dict.update(arguments)
    return route


def _route_map() -> Map:
    apps = tuple(frappe.get_installed_apps())
    if apps not in _route_maps:
        rules = frappe.get_hooks("website_route_rules") or []
        _route_maps[apps] = Map(
            [Rule(rule["from_route"], endpoint=rule["to_route"]) for rule in rules], strict_slashes=False
        )
    return _route_maps[apps]


def get_home_page() -> str:
    """What the last app names in `home_page`, else `index`."""
    pages = frappe.get_hooks("home_page")
    return pages[-1].strip("/") if pages else "index"


def render(route: str, status: int = 200) -> Response:
    """Render a page of some app's `www` folder; later apps may replace pages of earlier ones."""
    found = _find_page(route, tuple(frappe.get_installed_apps()))
    if found is None:
        raise frappe.PageDoesNotExistError
    app, relative = found
    context = frappe._dict(path=route, route=route, lang=frappe.local.lang, title=None, no_cache=1)
    context.update(_controller_context(app, relative, context))
    html = get_template(f"www/{relative}").render(context)
    extension = os.path.splitext(relative)[1]
    response = Response(
        html, status=context.get("http_status_code") or status, mimetype=_MIMETYPES.get(extension)
    )
    response.headers["X-Page-Name"] = route
    response.headers["Cache-Control"] = "no-store, no-cache, must-revalidate, max-age=0"
    return response


@lru_cache(maxsize=1024)
def _find_page(route: str, apps: tuple[str, ...]) -> tuple[str, str] | None:
    for app in reversed(apps or ("frappe",)):
        base = os.path.realpath(frappe.get_app_path(app, "www"))
        for candidate in (f"{route}.html", f"{route}/index.html", route):
            target = os.path.realpath(os.path.join(base, candidate))
            inside = target.startswith(base + os.sep) and os.path.splitext(target)[1] in _MIMETYPES
            if inside and os.path.isfile(target):
                return app, os.path.relpath(target, base)
    return None


def _controller_context(app: str, relative: str, context: Any) -> dict[str, Any]:
    """What `get_context` of the .py file beside the template adds."""
    module = _controller(app, relative)
    if module is None:
        return {}
    for name in ("no_cache", "base_template_path", "title"):
        if hasattr(module, name):
            context[name] = getattr(module, name)
    if not hasattr(module, "get_context"):
        return {}
    added = frappe.call(module.get_context, context) if _takes_argument(module) else module.get_context()
    return added or {}


def _takes_argument(module: ModuleType) -> bool:
    return bool(module.get_context.__code__.co_argcount)


@lru_cache(maxsize=1024)
def _controller(app: str, relative: str) -> ModuleType | None:
    stem = os.path.splitext(relative)[0].replace("-", "_")
    if not os.path.isfile(frappe.get_app_path(app, "www", *f"{stem}.py".split("/"))):
        return None
    return frappe.get_module(f"{app}.www." + stem.replace("/", "."))


def not_permitted_page(error: Exception) -> Response:
    """403 with the reason, and where to sign in."""
    messages = [message["message"] for message in frappe.local.message_log] or [escape_html(str(error))]
    if frappe.session.user == "Guest":
        target = escape_html(frappe.local.request.full_path.rstrip("?"))
        messages.append(f'<a href="/login?redirect-to={target}">{_("Login")}</a>')
    return message_page(_("Not Permitted"), "<br>".join(filter(None, messages)), 403)


def message_page(title: str, message: str, status: int = 200) -> Response:
    """A page of the runtime that says one thing."""
    html = get_template("templates/message.html").render(title=title, message=message, status=status)
    return Response(html, status=status, mimetype="text/html")
