"""What is told to the user: messages, errors, the error log."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import frappe
from frappe.context import local
from frappe.exceptions import ValidationError
from frappe.types import _dict


def msgprint(
    msg: str,
    title: str | None = None,
    raise_exception: bool | type[Exception] | Exception = False,
    indicator: str | None = None,
    alert: bool = False,
) -> None:
    """Add a message to the answer of this request; with `raise_exception` also raise it."""
    out = _dict(message=msg, title=title or frappe._("Message"))
    if indicator or raise_exception:
        out.indicator = indicator or "red"
    if alert:
        out.alert = 1
    if raise_exception:
        out.raise_exception = 1
        out["__frappe_exc_id"] = frappe.generate_hash()
    if not local.flags.mute_messages:
        local.message_log.append(out)
    if not raise_exception:
        return
    if isinstance(raise_exception, Exception):
        error = raise_exception
        error.args = (msg,)
    else:
        error = raise_exception(msg) if isinstance(raise_exception, type) else ValidationError(msg)
    error.__frappe_exc_id = out["__frappe_exc_id"]  # type: ignore[attr-defined]
    raise error


def throw(msg: str, exc: type[Exception] | Exception = ValidationError, title: str | None = None) -> NoReturn:
    """Show the message and raise `exc`, which rolls the request back."""
    msgprint(msg, title, raise_exception=exc)
    raise AssertionError("not reached")


def clear_messages() -> None:
    local.message_log = []


def get_message_log() -> list[dict]:
    return [_dict(message) for message in local.message_log]


def clear_last_message() -> None:
    if local.message_log:
        local.message_log = local.message_log[:-1]


def bold(text: str | int | float) -> str:
    return f"<strong>{text}</strong>"


def get_traceback(with_context: bool = False) -> str:
    from frappe.utils.error import get_traceback as traceback_text

    return traceback_text(with_context=with_context)


def errprint(msg: str) -> None:
    print(msg, file=sys.stderr)


def log_error(
    title: str | None = None,
    message: str | None = None,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
    *,
    defer_insert: bool = False,
) -> Any:
    """Add an Error Log; without a message the traceback of the current exception is kept."""
    text, heading = message, title
    if title and "\n" in str(title):  # a traceback given as title
        text, heading = str(title), message
    heading = (heading or "Error")[:140]
    text = str(text or get_traceback())
    if not getattr(local, "db", None):
        frappe.logger().error(f"{heading}\n{text}")
        return None
    error_log = frappe.new_doc("Error Log")
    error_log.update(
        {
            "method": heading,
            "error": text,
            "reference_doctype": reference_doctype,
            "reference_name": reference_name,
        }
    )
    return error_log.insert(ignore_permissions=True)
