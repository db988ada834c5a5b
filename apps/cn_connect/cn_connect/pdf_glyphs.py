"""Rare characters of names: printed in a font that has them, else marked by their number; never left out.

Qt prints nothing where no font has a glyph, so that 王𡌴 would become 王 on a signed receipt. It also notes no text for
characters beyond U+FFFF; for those that are printed the note is added, so that a search finds the name.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable
from typing import Any

# Debian's fonts-hanazono: CJK extensions B to F and the supplementary compatibility ideographs.
RARE_FAMILIES = ("HanaMinA", "HanaMinB")
_TAGS_AND_STYLE = re.compile(r"(<style.*?</style>|<[^>]*>|&#?\w+;)", re.DOTALL | re.IGNORECASE)
_NOTE_END = b"endcmap"


def marked(html: str, families: Iterable[str]) -> str:
    """The document with [U+31350] in place of each character that no font has, or that has no meaning of its own."""
    fonts = tuple(families)
    parts = _TAGS_AND_STYLE.split(html)
    parts[::2] = ["".join(_printable(char, fonts) for char in text) for text in parts[::2]]
    return "".join(parts)


def rare_characters(html: str) -> list[str]:
    """The characters beyond U+FFFF in the document's text, each once, in their order."""
    text = "".join(_TAGS_AND_STYLE.split(html)[::2])
    return list(dict.fromkeys(char for char in text if ord(char) > 0xFFFF))


def note(font: Any, data: bytes, characters: Iterable[str], families: Iterable[str]) -> bytes:
    """The notes of a PDF's font with those for its characters beyond U+FFFF, in the order in which Qt numbered them.

    Where it is not certain which glyph is which, nothing is added.
    """
    fonts = tuple(families)
    own = [char for char in characters if _is_of(str(font.get("/BaseFont", "")), family_of(char, fonts))]
    missing = _unnoted(font, data)
    if not own or len(own) != len(missing):
        return data
    lines = b"".join(
        b"<%04X> <%s>\n" % (glyph, char.encode("utf-16-be").hex().upper().encode())
        for glyph, char in zip(missing, own, strict=True)
    )
    block = b"%d beginbfchar\n%sendbfchar\n" % (len(own), lines)
    return data.replace(_NOTE_END, block + _NOTE_END, 1)


def family_of(char: str, families: tuple[str, ...]) -> str | None:
    """The first of the families that has the character."""
    code = ord(char)
    for family in families:
        if any(first <= code <= last for first, last in _coverage(family)):
            return family
    return None


def _printable(char: str, families: tuple[str, ...]) -> str:
    if char.isascii() or "\u4e00" <= char <= "\u9fa5":
        return char
    # Private characters look different, or like another one, in every font.
    private = unicodedata.category(char) == "Co"
    if private or (ord(char) > 0xFF and _is_seen(char) and not family_of(char, families)):
        return f"[U+{ord(char):04X}]"
    return char


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in ("Cf", "Cc", "Zs", "Zl", "Zp", "Mn")


@functools.lru_cache(maxsize=16)
def _coverage(family: str) -> tuple[tuple[int, int], ...]:
    """The ranges of characters of an installed family; of all fonts of the machine where that cannot be told."""
    listing = shutil.which("fc-list")
    if not listing:
        return ((0, 0x10FFFF),)
    found = subprocess.run(
        [listing, "--format=%{charset}\n", family], capture_output=True, text=True, timeout=30, check=False
    )
    ranges = set(re.findall(r"([0-9a-f]+)(?:-([0-9a-f]+))?", found.stdout))
    return tuple((int(first, 16), int(last or first, 16)) for first, last in sorted(ranges))


def _is_of(base_font: str, family: str | None) -> bool:
    name = base_font.lstrip("/").casefold().replace("-", "")
    return bool(family) and name.startswith(str(family).casefold().replace(" ", ""))


def _unnoted(font: Any, data: bytes) -> list[int]:
    """The glyphs of a font for which Qt noted no character."""
    noted: set[int] = set()
    for first, last in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4})> [<\[]", data):
        noted |= set(range(int(first, 16), int(last, 16) + 1))
    return [glyph for glyph in range(1, _glyphs_in(font)) if glyph not in noted]


def _glyphs_in(font: Any) -> int:
    """How many glyphs of the font are embedded, the empty one (0) among them."""
    descendant = font["/DescendantFonts"][0].get_object()
    if "/W" in descendant:
        return _last_width(list(descendant["/W"])) + 1
    # TrueType fonts count theirs in the table maxp.
    file = descendant["/FontDescriptor"].get_object().get("/FontFile2")
    data = file.get_object().get_data() if file else b""
    for entry in range(12, 12 + 16 * int.from_bytes(data[4:6], "big"), 16):
        if data[entry : entry + 4] == b"maxp":
            start = int.from_bytes(data[entry + 8 : entry + 12], "big")
            return int.from_bytes(data[start + 4 : start + 6], "big")
    return 0


def _last_width(widths: list[Any]) -> int:
    """The highest glyph with a width: /W has `first [width …]` and `first last width`."""
    highest, index = 0, 0
    while index + 1 < len(widths):
        first, after = int(widths[index]), widths[index + 1]
        several = isinstance(after, list)
        highest = max(highest, first + len(after) - 1 if several else int(after))
        index += 2 if several else 3
    return highest
