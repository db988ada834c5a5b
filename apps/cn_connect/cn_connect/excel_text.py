"""Characters of a cell that nobody sees, and what becomes of them: the harmless ones go, any other is refused by name.

Contacts, WeChat, PDFs and web pages leave marks in what is copied from them. Two texts that look the same must be the
same, so whatever could be read differently from what it looks like is refused.
"""

from __future__ import annotations

import re
import unicodedata

# Spaces without width, word joiners, soft hyphens, marks and embeddings for left to right: without effect on the
# scripts of a market's lists. Those for right to left change the order in which digits are seen.
_HARMLESS = re.compile(
    "[\u00ad\u180e\u200b\u200e\u2060-\u2064\u202a\u202c\u202d\u2066\u2068\u2069\u206a-\u206f\ufeff]"
)
# Letters, marks and symbols that leave nothing on the screen.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")
_HIDDEN_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Excel writes characters that XML cannot hold as _x000D_ (ECMA-376, ST_Xstring).
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
# What keyboards and Word make of a hyphen.
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
# Strokes that look like a hyphen between letters or digits and are none.
_STROKES = re.compile("(?<=[0-9A-Za-z])[一ーㄧ─━](?=[0-9A-Za-z])")
EXCEL_ERRORS = frozenset(
    ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!", "#PYTHON!")
)  # fmt: skip


def seen(text: str) -> str:
    """The text without what nobody sees and without spaces around it; unusual spaces become usual ones."""
    if text.isascii() and text.isprintable() and "_x" not in text:
        return text.strip()
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return _SPACES.sub(" ", _HARMLESS.sub("", text)).strip()


def is_error(text: str) -> bool:
    """Whether what is seen is an error value of Excel."""
    # Each begins with #, which may be written as an escape.
    return ("#" in text or "_x" in text) and seen(text) in EXCEL_ERRORS


def hidden_character(text: str) -> str | None:
    """The first character that cannot be seen, as U+202E; None when all can. Line breaks count."""
    if text.isprintable() and text.isascii():
        return None
    for char in text:
        code = ord(char)
        if (
            unicodedata.category(char) in _HIDDEN_CATEGORIES
            or char in _BLANK_LETTERS
            or code & 0xFFFE == 0xFFFE
            or 0xFDD0 <= code <= 0xFDEF
            or 0xE0100 <= code <= 0xE01EF
        ):
            return f"U+{code:04X}"
    return None


def half_width(text: str) -> str:
    """Letters, digits, signs and hyphens in their one plain form."""
    if text.isascii():
        return text
    return _DASHES.sub("-", unicodedata.normalize("NFKC", _DASHES.sub("-", text)))


def stroke(text: str) -> str | None:
    """A stroke between letters or digits that looks like a hyphen and is none."""
    found = _STROKES.search(text)
    return found[0] if found else None


def same_key(text: str) -> str:
    """Equal for texts that the database takes for the same: whatever their case, width and accents."""
    visible = seen(text)
    if visible.isascii():
        return visible.lower().rstrip()
    folded = unicodedata.normalize("NFKD", half_width(visible).casefold())
    return "".join(char for char in folded if not unicodedata.combining(char)).rstrip()
