"""The embedded runtime: an independent implementation of the part of Frappe v15's public API that these apps use.

`import frappe` gives the same names as Frappe does; where each lives is told by the imports below.
"""

# ruff: noqa: E402, F401, F811, I001 — names are imported to be found here, by subject; some modules need others first
from __future__ import annotations

import json
import secrets
from typing import Any

from frappe.types import _dict  # isort: skip
from frappe.exceptions import *  # noqa: F403  isort: skip
from frappe.access import allowed_http_methods_for_whitelisted_func, is_whitelisted, whitelist, whitelisted
from frappe.access import guest_methods, has_permission, only_for
from frappe.context import conf, db, flags, form_dict, lang, local, qb, request, response, session
from frappe.context import connect, destroy, get_site_config, init, set_user
from frappe.documents import clear_document_cache, get_cached_doc, get_cached_value, get_meta
from frappe.documents import (
    copy_doc,
    delete_doc,
    delete_doc_if_exists,
    get_doc,
    get_last_doc,
    get_single,
    new_doc,
    rename_doc,
)
from frappe.documents import get_all, get_list, get_system_settings, get_value
from frappe.installed import call, get_attr, get_doc_hooks, get_hooks, get_module, scrub
from frappe.installed import get_all_apps, get_app_path, get_installed_apps, get_module_list, get_module_path
from frappe.installed import get_site_path
from frappe.messages import bold, log_error, msgprint, throw
from frappe.messages import clear_last_message, clear_messages, get_message_log

__version__ = "15.55.1"
STANDARD_USERS = ("Guest", "Administrator")


def _(msg: str, lang: str | None = None, context: str | None = None) -> str:
    """The message in the user's language; itself when nobody translated it."""
    text = frappe.utils.cstr(msg).strip()
    if not text or not getattr(local, "db", None):
        return msg
    translations = frappe.translate.get_all_translations(lang or local.lang or "en")
    return (context and translations.get(f"{text}:{context}")) or translations.get(text) or msg


def as_json(obj: Any, indent: int | None = 1, separators: tuple[str, str] = (",", ": ")) -> str:
    """JSON with sorted keys, as Frappe writes documents."""
    from frappe.utils.response import json_handler

    return json.dumps(obj, indent=indent, separators=separators, sort_keys=True, default=json_handler)


def parse_json(val: Any) -> Any:
    """A JSON text read (objects as `_dict`); other values stay."""
    if isinstance(val, str):
        val = json.loads(val)
    return _dict(val) if isinstance(val, dict) else val


def generate_hash(txt: str | None = None, length: int = 56) -> str:
    """Random hexadecimal digits."""
    return secrets.token_hex(-(-length // 2))[:length]


def get_request_header(key: str, default: Any = None) -> Any:
    return request.headers.get(key, default)


def sendmail(*args: Any, **kwargs: Any) -> None:
    """There are no e-mail accounts here; the attempt is logged so that nobody waits for the mail."""
    logger("email").warning("no e-mail account, not sent: %s", kwargs.get("subject"))


def publish_realtime(*args: Any, **kwargs: Any) -> None:
    """No Socket.IO here; pages ask again (runtime/README.md)."""


@whitelist(allow_guest=True)
def ping() -> str:
    """Answers as long as the site does."""
    return "pong"


# These need the names above.
import frappe.database
import frappe.defaults
import frappe.model.document
import frappe.query_builder
import frappe.sessions
import frappe.translate
from frappe.cache_manager import clear as clear_cache
from frappe.permissions import get_roles
from frappe.utils.background_jobs import enqueue
from frappe.utils.error import get_traceback
from frappe.utils.jinja import render_template
from frappe.utils.logger import get_logger as logger
from frappe.utils.print_utils import get_print
from frappe.utils.redis_wrapper import cache
from frappe.utils.safe_exec import safe_eval
