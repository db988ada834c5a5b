"""Small names of `frappe.` that lead elsewhere: translation, JSON, cache, jobs, printing, text."""

from __future__ import annotations

import importlib
import json
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import frappe
from frappe.context import local


def _(msg: str, lang: str | None = None, context: str | None = None) -> str:
    """The message in the user's language; itself when nobody translated it."""
    text = as_unicode(msg).strip()
    if not text or not getattr(local, "db", None):
        return msg
    translations = frappe.translate.get_all_translations(lang or local.lang or "en")
    return (context and translations.get(f"{text}:{context}")) or translations.get(text) or msg


def as_unicode(text: Any, encoding: str = "utf-8") -> str:
    if text is None:
        return ""
    return str(text, encoding) if isinstance(text, bytes) else str(text)


def as_json(
    obj: Any, indent: int | None = 1, separators: tuple[str, str] = (",", ": "), ensure_ascii: bool = True
) -> str:
    """JSON with sorted keys, as Frappe writes documents."""
    from frappe.utils.response import json_handler

    dump = partial(
        json.dumps, indent=indent, default=json_handler, separators=separators, ensure_ascii=ensure_ascii
    )
    try:
        return dump(obj, sort_keys=True)
    except TypeError:  # keys of several types cannot be sorted
        return dump(obj)


def parse_json(val: Any) -> Any:
    """A JSON text read (objects as `_dict`); other values stay."""
    if isinstance(val, str):
        val = json.loads(val)
    return frappe._dict(val) if isinstance(val, dict) else val


def generate_hash(txt: str | None = None, length: int = 56) -> str:
    """Random hexadecimal digits."""
    return secrets.token_hex(-(-length // 2))[:length]


def get_request_header(key: str, default: Any = None) -> Any:
    return frappe.request.headers.get(key, default)


def sendmail(*args: Any, **kwargs: Any) -> None:
    """There are no e-mail accounts here; the attempt is logged so that nobody waits for the mail."""
    logger("email").warning("no e-mail account, not sent: %s", kwargs.get("subject"))


def publish_realtime(*args: Any, **kwargs: Any) -> None:
    """No Socket.IO here; pages ask again (runtime/README.md)."""


def _of(module: str, name: str) -> Callable[..., Any]:
    """A function of a module that is loaded with the first call: such modules need `frappe` to be complete."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return call


clear_cache = _of("frappe.cache_manager", "clear")
enqueue = _of("frappe.utils.background_jobs", "enqueue")
enqueue_doc = _of("frappe.utils.background_jobs", "enqueue_doc")
format_value = _of("frappe.utils.formatters", "format_value")
get_print = _of("frappe.utils.print_utils", "get_print")
logger = _of("frappe.utils.logger", "get_logger")
render_template = _of("frappe.utils.jinja", "render_template")
safe_eval = _of("frappe.utils.safe_exec", "safe_eval")
