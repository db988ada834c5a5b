"""What went wrong, written down for the operator: Error Log rows."""

from __future__ import annotations

import os
import sys
import traceback
from functools import lru_cache

import frappe


def get_traceback(with_context: bool = False) -> str:
    """The present exception's traceback without machine paths; empty outside of an `except` block."""
    if sys.exc_info()[0] is None:
        return ""
    return traceback.format_exc().replace(_code_root(), "").replace(os.path.abspath("..") + os.sep, "")


@lru_cache(maxsize=1)
def _code_root() -> str:
    return os.path.dirname(os.path.dirname(os.path.abspath(frappe.__file__))) + os.sep


def get_error_metadata() -> str:
    """Request and user, for the end of a log entry."""
    request = getattr(frappe.local, "request", None)
    return f"{request.method} {request.path} user={frappe.session.user}" if request else ""


def error_source(error: BaseException) -> str | None:
    """`<app> (app)`: the app whose code the error passed through last, unless only the framework's."""
    files = [os.path.abspath(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    roots = {app: frappe.get_app_path(app) + os.sep for app in frappe.get_installed_apps() if app != "frappe"}
    for file in reversed(files):
        for app, root in roots.items():
            if file.startswith(root):
                return f"{app} (app)"
    return None


def log_error_snapshot(error: BaseException) -> None:
    """An Error Log row of its own transaction; never hides the error it reports."""
    if not getattr(frappe.local, "db", None) or frappe.flags.get("in_install"):
        return
    try:
        frappe.db.rollback()
        frappe.log_error(title=f"{type(error).__name__}: {error}"[:140], message=_describe(error))
        frappe.db.commit()
    except Exception:
        frappe.db.rollback()
        frappe.logger("frappe").exception("could not write an Error Log row")


def _describe(error: BaseException) -> str:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return f"{text}\n{get_error_metadata()}"
