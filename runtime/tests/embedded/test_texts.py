"""Styles in rich text. Stock Frappe keeps more of them, also such as fetch pictures from elsewhere."""

from __future__ import annotations

import re
import time

import pytest

import frappe
from frappe.core.doctype.file.utils import extract_images_from_doc
from frappe.utils import sanitize_html
from frappe.utils.css import sanitize_css


@pytest.mark.parametrize(
    "style",
    [
        "background:url(javascript:alert(1))", "background-image:url(//evil.example/a)", "-moz-binding:url(a)",
        "color:red;behavior:url(a)", "color:red;}</style><script>alert(1)</script>", 'font-family:"a;b:url(x)"',
        "color:\\75rl(//evil.example)", "color:ur/**/l(//evil.example)", "@import '//evil.example'",
    ],
)  # fmt: skip
def test_no_style_fetches_or_runs_anything(style: str) -> None:
    clean = sanitize_html(f"<p style='{style.replace(chr(39), '&#39;')}'>x</p>")
    assert not re.search(r"evil|javascript|url\(|behavior|binding|import|<script", clean)


@pytest.mark.parametrize("style", ["position:fixed;top:0;left:0", "z-index:99", "opacity:0", "content:'a'"])
def test_no_style_covers_the_page(style: str) -> None:
    assert sanitize_html(f'<p style="{style}">x</p>') == '<p style="">x</p>'


@pytest.mark.parametrize("part", ["a", " ", "'", '"', "(", "rgb(", "rgb (", "a:", "color:'", "; ", "-", "a("])
def test_a_long_style_is_read_at_once(part: str) -> None:
    """No way of writing it makes the patterns try without end."""
    begun = time.process_time()
    for name in ("color:", ""):
        sanitize_css(name + part * 20_000 + "\\")
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("part", ["<img ", "<img src=", '<img src="data:', " src='data:", "<img" + " " * 99])
def test_a_long_text_with_pictures_is_read_at_once(part: str) -> None:
    doc = frappe.get_doc({"doctype": "ToDo", "description": "<img" + part * 5_000 + "data:"})
    begun = time.process_time()
    extract_images_from_doc(doc, "description")
    assert time.process_time() - begun < 2
