"""What went wrong, written down for the operator: Error Log rows."""

from __future__ import annotations

import os
import sys
import traceback

import frappe

_CODE_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(frappe.__file__))) + os.sep


SAME_PER_HOUR, ALL_PER_HOUR = 5, 200


def get_traceback(with_context: bool = False) -> str:
    """The present exception's traceback without machine paths; empty outside of an `except` block."""
    if sys.exc_info()[0] is None:
        return ""
    return traceback.format_exc().replace(_CODE_ROOT, "").replace(os.path.abspath("..") + os.sep, "")


def log_error_snapshot(error: BaseException) -> None:
    """An Error Log row of its own transaction, with request and user; never hides the error it reports.

    The same error is written down a few times an hour, and all of them together not without end: anybody's requests may
    lead to errors, and must not fill the disk.
    """
    if not getattr(frappe.local, "db", None) or frappe.flags.get("in_install"):
        return
    if not (_is_rare(_place(error), SAME_PER_HOUR) and _is_rare("all", ALL_PER_HOUR)):
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


def _place(error: BaseException) -> str:
    """The kind of error and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__}:{frames[-1].filename}:{frames[-1].lineno}"
        if frames
        else type(error).__name__
    )


def _is_rare(what: str, most: int) -> bool:
    """Counts one more in this hour; whether it is one of the first."""
    name = frappe.cache.make_key(f"errors_logged:{what}")
    count = int(frappe.cache.incrby(name, 1))
    if count == 1:
        frappe.cache.expire(name, 3600)
    return count <= most
