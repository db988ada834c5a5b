"""Public files: `/assets/<app>/…` from the apps' `public/` and `/files/…` of the site, before any session."""

from __future__ import annotations

import importlib.util
import mimetypes
import os
from functools import lru_cache

from werkzeug.exceptions import NotFound
from werkzeug.utils import send_from_directory
from werkzeug.wrappers import Request, Response

_YEAR = 365 * 24 * 3600
_HOUR = 3600


def serve_static(request: Request, sites_path: str) -> Response:
    """The file; NotFound if there is none below the public folder."""
    from frappe.app import get_site_name

    _start, kind, rest = request.path.split("/", 2)
    lifetime = _HOUR
    if kind == "files":
        folder = os.path.join(sites_path, get_site_name(request.environ), "public", "files")
    else:
        app, _slash, rest = rest.partition("/")
        folder = _public_folder(app)
        # File names of built assets carry a hash of their content.
        lifetime = _YEAR if "/dist/" in rest or "/assets/" in f"/{rest}" else _HOUR
    mimetype = mimetypes.guess_type(rest)[0] or "application/octet-stream"
    response = send_from_directory(folder, rest, request.environ, mimetype=mimetype, max_age=lifetime)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@lru_cache(maxsize=64)
def _public_folder(app: str) -> str:
    spec = importlib.util.find_spec(app) if app.isidentifier() else None
    if not spec or not spec.origin:
        raise NotFound
    return os.path.join(os.path.dirname(spec.origin), "public")
