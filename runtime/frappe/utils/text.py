"""Texts: HTML, lists in words, addresses, links."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urljoin

import bleach
from bleach.css_sanitizer import CSSSanitizer

import frappe

T = TypeVar("T")
_ESCAPES = {"&": "&amp;", '"': "&quot;", "'": "&apos;", ">": "&gt;", "<": "&lt;"}
_TAG = re.compile(r"<[^>]*>")
_HTML = re.compile(r"<[a-zA-Z/!][^>]*>")
_TAGS = """
a abbr acronym address article aside b big blockquote br caption center cite code col colgroup dd
del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd
label legend li main mark nav ol p pre q s samp section small span strike strong sub summary sup
table tbody td tfoot th thead time tr tt u ul var wbr
"""
_ALLOWED_TAGS = frozenset(_TAGS.split())
_ALLOWED_ATTRIBUTES = {
    "*": [
        "class",
        "style",
        "title",
        "dir",
        "lang",
        "align",
        "valign",
        "width",
        "height",
        "colspan",
        "rowspan",
        "data-value",
    ],
    "a": ["href", "target", "rel"],
    "img": ["src", "alt"],
}
_CSS = CSSSanitizer()


def escape_html(text: Any) -> Any:
    """Make a text safe inside HTML; what is no text stays as it is."""
    if not isinstance(text, str):
        return text
    return "".join(_ESCAPES.get(c, c) for c in text)


def strip_html(text: str) -> str:
    """The text without tags."""
    return _TAG.sub("", text)


strip_html_tags = strip_html


def is_html(text: str) -> Any:
    """The first tag in a text, None without one."""
    return _HTML.search(text) if isinstance(text, str) else None


def sanitize_html(html: Any, linkify: bool = False, always_sanitize: bool = False) -> Any:
    """HTML without scripts, event handlers and dangerous links; other texts stay as they are."""
    if not isinstance(html, str) or _is_json(html) or (not is_html(html) and not always_sanitize):
        return html
    return bleach.clean(
        html, tags=_ALLOWED_TAGS, attributes=_ALLOWED_ATTRIBUTES, css_sanitizer=_CSS, strip_comments=True
    )


def _is_json(text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def comma_sep(some_list: Any, pattern: str, add_quotes: bool = True) -> Any:
    if not isinstance(some_list, (list, tuple)):
        return some_list
    items = [str(i) for i in some_list]
    if not items:
        return ""
    if len(items) == 1:
        return items[0]
    items = [f"'{i}'" for i in items] if add_quotes else items
    return pattern.format(", ".join(items[:-1]), items[-1])


def comma_and(some_list: Any, add_quotes: bool = True) -> Any:
    """'a', 'b' and 'c'"""
    return comma_sep(some_list, frappe._("{0} and {1}"), add_quotes)


def comma_or(some_list: Any, add_quotes: bool = True) -> Any:
    return comma_sep(some_list, frappe._("{0} or {1}"), add_quotes)


def new_line_sep(some_list: Any) -> Any:
    return comma_sep(some_list, "{0}\n {1}", add_quotes=False)


def filter_strip_join(some_list: list[str], sep: str) -> str:
    return sep.join(s.strip() for s in some_list if s)


def strip(val: str, chars: str | None = None) -> str:
    return (val or "").replace("\ufeff", "").replace("\u200b", "").strip(chars)


def unique(seq: Sequence[T]) -> list[T]:
    """The items in order, each once."""
    return list(dict.fromkeys(seq))


def has_common(l1: Iterable, l2: Iterable) -> Any:
    """What both have."""
    return set(l1) & set(l2)


def is_subset(list_a: list, list_b: list) -> bool:
    return set(list_a) <= set(list_b)


def get_abbr(string: str, max_len: int = 2) -> str:
    return "".join(part[0] for part in string.split(" ")[:max_len] if part) or "?"


def get_string_between(start: str, string: str, end: str) -> str:
    match = re.search(re.escape(start) + "(.*?)" + re.escape(end), string)
    return match.group(1) if match else string


def sha256_hash(input: str | bytes) -> str:
    return hashlib.sha256(input.encode() if isinstance(input, str) else input).hexdigest()


def quoted(url: str) -> str:
    return quote(url, safe=b"~@#$&()*!+=:;,.?/'")


def dict_to_str(args: dict[str, Any], sep: str = "&") -> str:
    return urlencode(args) if sep == "&" else sep.join(f"{k}={quote(str(v or ''))}" for k, v in args.items())


def get_host_name() -> str:
    return get_url().rsplit("//", 1)[-1]


def get_url(uri: str | None = None, full_address: bool = False) -> str:
    """The address of the site, or of `uri` on it: host_name of site_config.json, else the request's."""
    if uri and uri.startswith(("http://", "https://")):
        return uri
    base = frappe.local.conf.host_name or frappe.local.conf.hostname
    request = getattr(frappe.local, "request", None)
    if not base and request:
        base = request.host_url
    base = base or frappe.local.site or "localhost"
    if not base.startswith(("http://", "https://")):
        base = "http://" + base
    return urljoin(base, uri) if uri else base.rstrip("/")


def get_url_to_form(doctype: str, name: str) -> str:
    return get_url(f"/app/{quoted(_slug(doctype))}/{quoted(str(name))}")


def get_url_to_list(doctype: str) -> str:
    return get_url(f"/app/{quoted(_slug(doctype))}")


def get_absolute_url(doctype: str, name: str) -> str:
    return f"/app/{quoted(_slug(doctype))}/{quoted(str(name))}"


def get_link_to_form(doctype: str, name: str, label: str | None = None) -> str:
    return f'<a href="{get_url_to_form(doctype, name)}">{label or name}</a>'


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
