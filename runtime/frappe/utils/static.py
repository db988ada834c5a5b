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
from frappe.utils.file_manager import check_readable

_YEAR = 365 * 24 * 3600
_HOUR = 3600
# Pictures, sound, films, and text that stays text.
_SHOWN = frozenset(
    (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".heic", ".pdf", ".txt", ".csv",
     ".mp3", ".m4a", ".wav", ".ogg", ".amr", ".mp4", ".mov", ".webm")
)  # fmt: skip


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
    return _send_uploaded(request, folder, request.path.removeprefix("/files/"), max_age=_HOUR)


def serve_private(request: Request) -> Response:
    """A file below `private/files`, if the user may read one of the File documents that point to it.

    It is never sent as something that would run in this origin.
    """
    path = request.path
    try:
        check_readable(path)
    except frappe.PermissionError:
        raise Forbidden from None
    folder, name = frappe.get_site_path("private", "files"), path.removeprefix("/private/files/")
    response = _send_uploaded(request, folder, name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _send_uploaded(request: Request, folder: str, path: str, **options: Any) -> Response:
    """What people uploaded: shown in the browser only if its type cannot run anything there, else saved."""
    shown = os.path.splitext(path)[1].lower() in _SHOWN
    response = _send(request, folder, path, as_attachment=not shown, **options)
    if not shown:
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _send(request: Request, folder: str, path: str, **options: Any) -> Response:
    """The file; NotFound if there is none below the folder."""
    mimetype = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = send_from_directory(folder, path, request.environ, mimetype=mimetype, **options)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
