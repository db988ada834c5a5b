"""Styles of rich text: what changes how a text looks stays, what could fetch, cover or run anything goes."""

from __future__ import annotations

import re

_NAMES = """
background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse
border-color border-left border-left-color border-left-style border-left-width border-radius border-right
border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color
border-top-style border-top-width border-width clear color direction display float font font-family font-size
font-style font-variant font-weight height letter-spacing line-height list-style-type margin margin-bottom
margin-left margin-right margin-top max-height max-width min-height min-width overflow padding padding-bottom
padding-left padding-right padding-top table-layout text-align text-decoration text-indent text-transform
vertical-align white-space width word-break word-spacing word-wrap
"""
_PROPERTIES = frozenset(_NAMES.split())
# No escapes, comments and blocks, and quotes that are closed: nothing can mean another thing to a browser than here.
_VALUE = re.compile(r"""(?:[\w\s#%.,()+\-!]|"[\w\s,.\-]*"|'[\w\s,.\-]*')+\Z""")
_BETWEEN_WORDS = re.compile(r"[\s,()]+")
_FUNCTIONS = frozenset(("rgb", "rgba", "hsl", "hsla"))


def sanitize_css(style: str) -> str:
    """The harmless declarations of a `style` attribute."""
    return "".join(map(_kept, style.split(";"))).strip()


def _kept(declaration: str) -> str:
    name, _colon, value = declaration.partition(":")
    if name.strip().lower() not in _PROPERTIES or not _VALUE.match(value.strip()):
        return ""
    before_brackets = value.lower().split("(")[:-1]
    if any(_BETWEEN_WORDS.split(text.rstrip())[-1] not in _FUNCTIONS for text in before_brackets):
        return ""
    spaces = [" " if text[:1].isspace() else "" for text in (name, value)]
    return f"{spaces[0]}{name.strip()}:{spaces[1]}{value.strip()};"
