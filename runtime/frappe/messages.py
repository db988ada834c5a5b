"""What is told to the user: messages, errors, the error log."""

from __future__ import annotations

from typing import Any, NoReturn

import frappe
from frappe.context import local
from frappe.exceptions import ValidationError
from frappe.types import _dict


def msgprint(
    msg: str,
    title: str | None = None,
    raise_exception: bool | type[Exception] | Exception | int = False,
    as_table: bool = False,
    as_list: bool = False,
    indicator: str | None = None,
    alert: bool = False,
    primary_action: str | dict | None = None,
    is_minimizable: bool = False,
    wide: bool = False,
    *,
    realtime: bool = False,
) -> None:
    """Add a message to the answer of this request; with `raise_exception` also raise it."""
    msg = frappe.safe_decode(msg)
    out = _dict(message=msg, title=title or frappe._("Message"))
    if as_table and isinstance(msg, list | tuple):
        out.as_table = 1
    if as_list and isinstance(msg, list | tuple):
        out.as_list = 1
    if local.flags.mute_messages:
        _raise(msg, raise_exception)
        return
    if not indicator and raise_exception:
        indicator = "red"
    if indicator:
        out.indicator = indicator
    if is_minimizable:
        out.is_minimizable = is_minimizable
    if alert:
        out.alert = 1
    if primary_action:
        out.primary_action = primary_action
    if wide:
        out.wide = wide
    if raise_exception:
        out.raise_exception = 1
        out["__frappe_exc_id"] = frappe.generate_hash()
    local.message_log.append(out)
    _raise(msg, raise_exception, exc_id=out.get("__frappe_exc_id"))


def _raise(msg: Any, kind: bool | type[Exception] | Exception | int, exc_id: str | None = None) -> None:
    if not kind:
        return
    if isinstance(kind, Exception):
        error = kind
        error.args = (msg,)
    elif isinstance(kind, type) and issubclass(kind, Exception):
        error = kind(msg)
    else:
        error = ValidationError(msg)
    error.__frappe_exc_id = exc_id  # type: ignore[attr-defined]
    raise error


def throw(
    msg: str,
    exc: type[Exception] | Exception = ValidationError,
    title: str | None = None,
    is_minimizable: bool = False,
    wide: bool = False,
    as_list: bool = False,
    primary_action: dict | None = None,
) -> NoReturn:
    """Show the message and raise `exc`, which rolls the request back."""
    msgprint(
        msg,
        raise_exception=exc,
        title=title,
        indicator="red",
        is_minimizable=is_minimizable,
        wide=wide,
        as_list=as_list,
        primary_action=primary_action,
    )
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


def get_desk_link(doctype: str, name: str, show_title_with_name: bool = False) -> str:
    """A link for messages: label and name, leading to the document's page in the Desk."""
    path = f"/app/Form/{doctype}/{name}"
    return f'<a href="{path}" style="font-weight: bold;">{frappe._(doctype)} {name}</a>'


def get_traceback(with_context: bool = False) -> str:
    from frappe.utils.error import get_traceback as traceback_text

    return traceback_text(with_context=with_context)


def errprint(msg: str) -> None:
    local.error_log.append({"exc": frappe.as_unicode(msg)})


def log(msg: str) -> None:
    local.debug_log.append(frappe.as_unicode(msg))


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
    text = frappe.as_unicode(text or get_traceback(with_context=False))
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


def respond_as_web_page(
    title: str,
    html: str,
    success: bool | None = None,
    http_status_code: int | None = None,
    context: dict | None = None,
    indicator_color: str | None = None,
    primary_action: str = "/",
    primary_label: str | None = None,
    fullpage: bool = False,
    width: int = 0,
    template: str = "message",
) -> None:
    """Answer this request with a page that shows a message."""
    local.message_title = title
    local.message = html
    local.response["type"] = "page"
    local.response["route"] = template
    local.response["no_cache"] = 1
    if http_status_code:
        local.response["http_status_code"] = http_status_code
    local.response["context"] = {
        "title": title,
        "message": html,
        "success": success,
        "indicator_color": indicator_color or ("green" if success else "red"),
        "primary_action": primary_action,
        "primary_label": primary_label,
        "fullpage": fullpage,
        "card_width": width,
        **(context or {}),
    }
