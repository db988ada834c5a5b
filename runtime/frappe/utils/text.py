"""Texts: HTML made safe, addresses of the site and of people."""

from __future__ import annotations

import html
import json
import re
import secrets
import string
from email.utils import getaddresses
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import frappe
from frappe.utils.css import sanitize_css

_TAG = re.compile(r"<[^>]*>")
_HTML = re.compile(r"<[a-zA-Z/!][^>]*>")
_TAGS = """
a abbr acronym address article aside b big blockquote br caption center cite code col colgroup dd
del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd
label legend li main mark nav ol p pre q s samp section small span strike strong sub summary sup
table tbody td tfoot th thead time tr tt u ul var wbr
"""
_ATTRIBUTES = "class style title dir lang align valign width height colspan rowspan data-value"
_ALLOWED_TAGS = frozenset(_TAGS.split())
_ALLOWED_ATTRIBUTES = {"*": _ATTRIBUTES.split(), "a": ["href", "target", "rel"], "img": ["src", "alt"]}
_LETTERS = string.ascii_letters + string.digits
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)


def escape_html(text: Any) -> Any:
    """Make a text safe inside HTML; what is no text stays as it is."""
    return html.escape(text).replace("&#x27;", "&apos;") if isinstance(text, str) else text


def strip_html(text: str) -> str:
    """The text without tags."""
    return _TAG.sub("", text)


def sanitize_html(text: Any) -> Any:
    """HTML without scripts, event handlers, dangerous styles and links; other texts and JSON stay as they are."""
    if not isinstance(text, str) or not _HTML.search(text) or _is_json(text):
        return text
    import bleach  # large, and few texts are HTML

    styles = SimpleNamespace(sanitize_css=sanitize_css)
    return bleach.clean(
        text, tags=_ALLOWED_TAGS, attributes=_ALLOWED_ATTRIBUTES, strip_comments=True, css_sanitizer=styles
    )


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except ValueError:
        return False


def random_string(length: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def get_url(uri: str | None = None) -> str:
    """The address of the site, or of `uri` on it: host_name of site_config.json, else the request's."""
    request = getattr(frappe.local, "request", None)
    base = frappe.local.conf.host_name or (request and request.host_url) or frappe.local.site or "localhost"
    if not base.startswith(("http://", "https://")):
        base = "http://" + base
    return urljoin(base, uri) if uri else base.rstrip("/")


def validate_email_address(email_str: str, throw: bool = False) -> str:
    """The valid addresses among those given, joined by ', '. With `throw` an invalid one raises."""
    given = [address for _name, address in getaddresses([email_str or ""])]
    valid = [address for address in given if _EMAIL.match(address)]
    if throw and email_str and (len(valid) < len(given) or not valid):
        message = frappe._("{0} is not a valid Email Address").format(escape_html(email_str))
        frappe.throw(message, frappe.InvalidEmailAddressError)
    return ", ".join(valid)
