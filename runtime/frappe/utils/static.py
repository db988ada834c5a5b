"""Files: `/assets/<app>/…` from the apps' `public/`, `/files/…` and `/private/files/…` of the site."""

from __future__ import annotations

import importlib.util
import mimetypes
import os
from functools import lru_cache
from typing import Any

from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.utils import send_from_directory
from werkzeug.wrappers import Request, Response

import frappe

_YEAR = 365 * 24 * 3600
_HOUR = 3600


def serve_asset(request: Request) -> Response:
    """A public file of an app; the same for all sites."""
    app, _slash, path = request.path.removeprefix("/assets/").partition("/")
    # File names of built assets carry a hash of their content.
    lifetime = _YEAR if "/dist/" in path or "/assets/" in f"/{path}" else _HOUR
    return _send(request, _public_folder(app), path, max_age=lifetime)


@lru_cache(maxsize=64)
def _public_folder(app: str) -> str:
    spec = importlib.util.find_spec(app) if app.isidentifier() else None
    if not spec or not spec.origin:
        raise NotFound
    return os.path.join(os.path.dirname(spec.origin), "public")


def serve_public(request: Request, site_path: str) -> Response:
    """A public file of a site, for which no session is needed."""
    folder = os.path.join(site_path, "public", "files")
    return _send(request, folder, request.path.removeprefix("/files/"), max_age=_HOUR)


def serve_private(request: Request) -> Response:
    """A file below `private/files`, if the user may read one of the File documents that point to it.

    It is never sent as HTML that would run in this origin.
    """
    path = request.path
    names = frappe.get_all("File", filters={"file_url": path}, pluck="name")
    if not any(frappe.get_doc("File", name).is_downloadable() for name in names):
        raise Forbidden
    folder, name = frappe.get_site_path("private", "files"), path.removeprefix("/private/files/")
    might_run = path.lower().endswith((".html", ".htm", ".svg", ".xml", ".js"))
    response = _send(request, folder, name, as_attachment=might_run)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _send(request: Request, folder: str, path: str, **options: Any) -> Response:
    """The file; NotFound if there is none below the folder."""
    mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = send_from_directory(folder, path, request.environ, mimetype=mimetype, **options)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
