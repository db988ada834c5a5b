"""What went wrong, written down for the operator: Error Log rows."""

from __future__ import annotations

import os
import sys
import traceback

import frappe

_CODE_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(frappe.__file__))) + os.sep


def get_traceback(with_context: bool = False) -> str:
    """The present exception's traceback without machine paths; empty outside of an `except` block."""
    if sys.exc_info()[0] is None:
        return ""
    return traceback.format_exc().replace(_CODE_ROOT, "").replace(os.path.abspath("..") + os.sep, "")


def log_error_snapshot(error: BaseException) -> None:
    """An Error Log row of its own transaction, with request and user; never hides the error it reports."""
    if not getattr(frappe.local, "db", None) or frappe.flags.get("in_install"):
        return
    text = "".join(traceback.format_exception(error))
    if request := getattr(frappe.local, "request", None):
        text += f"\n{request.method} {request.path} user={frappe.session.user}"
    try:
        frappe.db.rollback()
        frappe.log_error(title=f"{type(error).__name__}: {error}"[:140], message=text)
        frappe.db.commit()
    except Exception:
        frappe.db.rollback()
        frappe.logger("frappe").exception("could not write an Error Log row")
