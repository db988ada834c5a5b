"""Pages: the `www` folders of the apps, `website_route_rules`, and plain pages for errors."""

from __future__ import annotations

import html
import os
import re
from functools import lru_cache
from types import ModuleType
from urllib.parse import quote

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

import frappe
from frappe import _
from frappe.context import local
from frappe.utils import escape_html
from frappe.utils.jinja import get_template


def resolve(path: str) -> str:
    """The route behind a path: for / what the last app names as `home_page`, and what `website_route_rules` say."""
    path = path.strip("/ ")
    if not path:
        return (frappe.get_hooks("home_page") or ["index"])[-1].strip("/")
    rules = frappe.get_hooks("website_route_rules")
    try:
        found = _route_map(tuple((rule["from_route"], rule["to_route"]) for rule in rules)).bind("")
        route, arguments = found.match(f"/{path}")
    except HTTPException:
        return path
    local.form_dict.update(arguments)
    return route


@lru_cache(maxsize=16)
def _route_map(rules: tuple[tuple[str, str], ...]) -> Map:
    return Map([Rule(path, endpoint=route) for path, route in rules], strict_slashes=False)


def get_page(path: str) -> Response:
    """A page of some app's `www` folder; later apps may replace pages of earlier ones."""
    route = resolve(path)
    found = _find_page(route, tuple(frappe.get_installed_apps()))
    if found is None:
        raise frappe.DoesNotExistError(_("The page you are looking for does not exist."))
    template, controller = found
    context = frappe._dict(path=route, route=route, lang=local.lang, title=None)
    if controller:
        context.update(controller.get_context(context) or {})
    response = Response(get_template(template).render(context), mimetype="text/html")
    response.headers["Cache-Control"] = "no-store, no-cache, must-revalidate, max-age=0"
    return response


@lru_cache(maxsize=1024)
def _find_page(route: str, apps: tuple[str, ...]) -> tuple[str, ModuleType | None] | None:
    """The template and, if there is one beside it, the module whose `get_context` adds to the template's names."""
    for app in reversed(apps):
        folder = frappe.get_app_path(app, "www")
        for path in (safe_join(folder, f"{route}.html"), safe_join(folder, route, "index.html")):
            if path and os.path.isfile(path):
                page = os.path.splitext(os.path.relpath(path, folder))[0]
                module = page.replace("-", "_")
                has_module = os.path.isfile(os.path.join(folder, f"{module}.py"))
                name = f"{app}.www.{module.replace(os.sep, '.')}"
                return f"www/{page}.html", frappe.get_module(name) if has_module else None
    return None


def _with_emphasis_only(message: str) -> str:
    """A page runs what stands in it: of a message's markup it keeps what makes type bold, and breaks lines."""
    return re.sub(r"&lt;(/?strong|br)&gt;", r"<\1>", escape_html(html.unescape(str(message))))


def error_page(status: int, error: Exception) -> Response:
    """What is wrong (nothing about a crash), and for a guest who may not see the page where to sign in."""
    messages = [_with_emphasis_only(message["message"]) for message in local.message_log]
    if not messages and status < 500:
        messages = [_with_emphasis_only(str(error))]
    if status == 403 and local.session.user == "Guest":
        target = quote(local.request.full_path.rstrip("?"))
        messages.append(f'<a href="/login?redirect-to={target}">{_("Login")}</a>')
    titles = {401: _("Not Permitted"), 403: _("Not Permitted"), 404: _("Page not found")}
    page = get_template("templates/message.html").render(
        title=titles.get(status, _("Server Error")), message="<br>".join(filter(None, messages))
    )
    return Response(page, status=status, mimetype="text/html")
