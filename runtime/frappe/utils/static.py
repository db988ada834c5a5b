"""Public files: `/assets/<app>/…` from the apps' `public/` and `/files/…` of the site, before any session."""

from __future__ import annotations

import importlib.util
import mimetypes
import os
from functools import lru_cache

from werkzeug.exceptions import NotFound
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

_YEAR = 365 * 24 * 3600
_HOUR = 3600


def serve_static(request: Request, sites_path: str) -> Response:
    """The file, or a 404."""
    if request.path.startswith("/assets/"):
        return _asset(request, request.path[len("/assets/") :])
    from frappe.app import get_site_name

    base = os.path.join(sites_path, get_site_name(request.environ), "public", "files")
    return _send(request, base, request.path[len("/files/") :], _HOUR)


def _asset(request: Request, path: str) -> Response:
    app, _, rest = path.partition("/")
    base = _public_folder(app)
    # File names of built assets carry a hash of their content.
    lifetime = _YEAR if "/dist/" in rest or "/assets/" in f"/{rest}" else _HOUR
    return _send(request, base, rest, lifetime) if base else _not_found(request)


@lru_cache(maxsize=64)
def _public_folder(app: str) -> str | None:
    if not app.isidentifier():
        return None
    spec = importlib.util.find_spec(app)
    return os.path.join(os.path.dirname(spec.origin), "public") if spec and spec.origin else None


def _send(request: Request, base: str, relative: str, lifetime: int) -> Response:
    root = os.path.realpath(base)
    target = os.path.realpath(os.path.join(root, relative))
    if not target.startswith(root + os.sep) or not os.path.isfile(target):
        return _not_found(request)
    mimetype = mimetypes.guess_type(target)[0] or "application/octet-stream"
    response = send_file(target, request.environ, mimetype=mimetype, conditional=True, max_age=lifetime)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _not_found(request: Request) -> Response:
    return Response(NotFound().get_body(request.environ), status=404, mimetype="text/html")
