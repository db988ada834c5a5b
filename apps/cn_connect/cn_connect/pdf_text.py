"""Finishing touches on a PDF that Qt made: text that can be searched, a title, the time of issue.

Qt notes for each glyph one character, and where a font draws a radical and a character alike it notes the radical: 水
becomes ⽔ (U+2F54), and nobody who searches for 水费 finds it. Here such notes are put right.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

from cn_connect import pdf_glyphs

with warnings.catch_warnings():
    # The pypdf that Frappe v15 pins imports a cipher that cryptography announces to move; nothing here uses it.
    warnings.simplefilter("ignore")
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject, StreamObject

# Kangxi radicals have compatibility mappings. These have none, or one to the traditional form; found by printing all
# of GB 2312 in Noto Sans CJK SC and reading it back.
_DRAWN_ALIKE = dict(
    zip(
        "⺁⺄⺈⺊⺌⺎⺒⺓⺜⺝⺟⺠⺮⺶⺼⺽⻁⻄⻅⻆⻉⻊⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳⼾㬵⺦⺅⺉⺐⺕⺖⺘⺙⺡⺣⺨⺭⺰⺺⺾⻂⻈⻌⻐⻖⻠",
        "厂乙刀卜小兀巳幺日月母民竹羊肉臼虎西见角贝足车長长门雨青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟户胶丬亻刂尢彐忄扌攵氵灬犭礻纟肀艹衤讠辶钅阝饣",
        strict=True,
    )
)
_NOTED = re.compile(rb"<(2[EF][0-9A-F]{2}|3B35)>")


def finished(
    content: bytes,
    issued_at: dt.datetime,
    title: str,
    rare: Sequence[str] = (),
    families: Sequence[str] = (),
) -> bytes:
    """The PDF with readable text, title and time of issue; depends on nothing else.

    `rare` are its characters beyond U+FFFF in their order, `families` the fonts in which they are looked for.
    """
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    for page in writer.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            _correct(font.get_object(), rare, families)
    writer.add_metadata(
        {
            "/Title": title,
            "/Producer": "wkhtmltopdf",
            "/CreationDate": f"D:{issued_at:%Y%m%d%H%M%S}+08'00'",
        }
    )
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def page_count(content: bytes) -> int:
    return len(PdfReader(io.BytesIO(content)).pages)


def plain_character(character: str) -> str:
    """The ordinary character that looks like a radical; any other character is returned as it is."""
    if character in _DRAWN_ALIKE:
        return _DRAWN_ALIKE[character]
    return unicodedata.normalize("NFKC", character) if "⼀" <= character <= "⿕" else character


def _correct(font: Any, rare: Sequence[str], families: Sequence[str]) -> None:
    notes = font.get("/ToUnicode")
    if notes is None:
        return
    corrected = StreamObject()
    data = _NOTED.sub(_plain_note, notes.get_object().get_data())
    corrected.set_data(pdf_glyphs.note(font, data, rare, families))
    font[NameObject("/ToUnicode")] = corrected.flate_encode()


def _plain_note(match: re.Match[bytes]) -> bytes:
    character = plain_character(chr(int(match[1], 16)))
    return f"<{ord(character):04X}>".encode()
