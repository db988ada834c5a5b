"""Small names of `frappe.` that lead elsewhere: translation, JSON, cache, jobs, printing, text."""

from __future__ import annotations

import json
import logging
from typing import Any

import frappe
from frappe.context import local


def _(msg: str, lang: str | None = None, context: str | None = None) -> str:
    """The message in the user's language; itself when nobody translated it."""
    language = lang or getattr(local, "lang", None) or "en"
    text = as_unicode(msg).strip()
    if not text or (language == "en" and not getattr(local, "db", None)):
        return msg
    from frappe.translate import get_all_translations

    translations = get_all_translations(language)
    if context:
        found = translations.get(f"{text}:{context}")
        if found:
            return found
    return translations.get(text) or msg


def as_unicode(text: Any, encoding: str = "utf-8") -> str:
    if isinstance(text, str):
        return text
    if text is None:
        return ""
    if isinstance(text, bytes):
        return str(text, encoding)
    return str(text)


def safe_encode(param: Any, encoding: str = "utf-8") -> Any:
    try:
        return param.encode(encoding)
    except (AttributeError, UnicodeError):
        return param


def safe_decode(param: Any, encoding: str = "utf-8", fallback_map: dict | None = None) -> Any:
    try:
        return param.decode(encoding)
    except (AttributeError, UnicodeError):
        return param


def as_json(
    obj: Any, indent: int | None = 1, separators: tuple[str, str] | None = None, ensure_ascii: bool = True
) -> str:
    """JSON with sorted keys, as Frappe writes documents."""
    from frappe.utils.response import json_handler

    separators = separators or (",", ": ")
    options: dict[str, Any] = {
        "indent": indent,
        "default": json_handler,
        "separators": separators,
        "ensure_ascii": ensure_ascii,
    }
    try:
        return json.dumps(obj, sort_keys=True, **options)
    except TypeError:  # keys of several types cannot be sorted
        return json.dumps(obj, **options)


def parse_json(val: Any) -> Any:
    """A JSON text read (objects as `_dict`); other values stay."""
    if isinstance(val, str):
        val = json.loads(val)
    return frappe._dict(val) if isinstance(val, dict) else val


def generate_hash(txt: str | None = None, length: int = 56) -> str:
    """Random hexadecimal digits."""
    import secrets

    return secrets.token_hex(-(-length // 2))[:length]


def logger(
    module: str | None = None, with_more_info: bool = False, allow_site: bool = True, **kwargs: Any
) -> logging.Logger:
    from frappe.utils.logger import get_logger

    return get_logger(module=module, allow_site=allow_site, **kwargs)


def clear_cache(user: str | None = None, doctype: str | None = None) -> None:
    """Forget cached values: of one user, of one DocType's metadata, or all."""
    import frappe.cache_manager

    frappe.cache_manager.clear(user=user, doctype=doctype)


def set_user_lang(user: str, user_language: str | None = None) -> None:
    from frappe.translate import get_user_lang

    local.lang = get_user_lang(user)


def get_request_header(key: str, default: Any = None) -> Any:
    return frappe.request.headers.get(key, default)


def are_emails_muted() -> bool:
    """There are no e-mail accounts here."""
    return True


def sendmail(*args: Any, **kwargs: Any) -> None:
    """There are no e-mail accounts here; the attempt is logged so that nobody waits for the mail."""
    logger("email").warning("no e-mail account, not sent: %s", kwargs.get("subject"))


def enqueue(*args: Any, **kwargs: Any) -> Any:
    import frappe.utils.background_jobs

    return frappe.utils.background_jobs.enqueue(*args, **kwargs)


def enqueue_doc(*args: Any, **kwargs: Any) -> Any:
    import frappe.utils.background_jobs

    return frappe.utils.background_jobs.enqueue_doc(*args, **kwargs)


def publish_realtime(*args: Any, **kwargs: Any) -> None:
    """No Socket.IO here; pages ask again (runtime/README.md)."""


def publish_progress(*args: Any, **kwargs: Any) -> None:
    """No Socket.IO here; pages ask again (runtime/README.md)."""


def get_print(*args: Any, **kwargs: Any) -> Any:
    from frappe.utils.print_utils import get_print as render

    return render(*args, **kwargs)


def render_template(
    template: str, context: dict | None = None, is_path: bool | None = None, safe_render: bool = True
) -> str:
    from frappe.utils.jinja import render_template as render

    return render(template, context, is_path=is_path, safe_render=safe_render)


def format_value(*args: Any, **kwargs: Any) -> Any:
    """A value as people read it, according to its field."""
    import frappe.utils.formatters

    return frappe.utils.formatters.format_value(*args, **kwargs)


format = format_value


def safe_eval(code: str, eval_globals: dict | None = None, eval_locals: dict | None = None) -> Any:
    from frappe.utils.safe_exec import safe_eval as evaluate

    return evaluate(code, eval_globals, eval_locals)
