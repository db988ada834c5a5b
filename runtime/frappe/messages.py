"""What is told to the user: messages, errors, the error log."""

from __future__ import annotations

import html
from typing import Any, NoReturn

from markupsafe import Markup

import frappe
from frappe.context import local
from frappe.exceptions import ValidationError
from frappe.types import _dict


def msgprint(
    msg: str,
    title: str | None = None,
    raise_exception: bool | type[Exception] = False,
    indicator: str | None = None,
) -> None:
    """Add a message to the answer of this request; with `raise_exception` also raise it."""
    out = _dict(message=msg, title=title or frappe._("Message"))
    if indicator or raise_exception:
        out.indicator = indicator or "red"
    if raise_exception:
        out.raise_exception = 1
    local.message_log.append(out)
    if raise_exception:
        raise raise_exception(msg) if isinstance(raise_exception, type) else ValidationError(msg)


def throw(msg: str, exc: type[Exception] = ValidationError, title: str | None = None) -> NoReturn:
    """Show the message and raise `exc`, which rolls the request back."""
    msgprint(msg, title, raise_exception=exc)
    raise AssertionError("not reached")


def clear_messages() -> None:
    local.message_log = []


def get_message_log() -> list[dict]:
    return list(local.message_log)


def clear_last_message() -> None:
    if local.message_log:
        local.message_log = local.message_log[:-1]


def bold(text: Any) -> str:
    """The value, escaped, in bold type: markup that `fill` leaves as it is."""
    return Markup(f"<strong>{_escaped(text)}</strong>")


def fill(text: str, *values: Any) -> str:
    """A message with its values. Messages are markup, and values often come from a stranger: they are escaped."""
    return text.format(*map(_escaped, values))


def _escaped(value: Any) -> str:
    return str(value) if isinstance(value, Markup) else html.escape(str(value), quote=False)


def log_error(
    title: str | None = None,
    message: str | None = None,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
) -> Any:
    """Add an Error Log; without a message the traceback of the current exception is kept."""
    heading, text = (title or "Error")[:140], message or frappe.get_traceback()
    if not getattr(local, "db", None):
        frappe.logger().error(f"{heading}\n{text}")
        return None
    error_log = frappe.new_doc("Error Log", method=heading, error=str(text))
    error_log.update({"reference_doctype": reference_doctype, "reference_name": reference_name})
    return error_log.insert(ignore_permissions=True)
