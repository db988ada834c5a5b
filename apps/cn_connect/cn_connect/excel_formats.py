"""What a spreadsheet shows of a number: the text that its number format makes of it (ECMA-376 part 1, 18.8.31).

Only formats whose text is certain are rendered; of any other it is said that they are not understood. What people see
is what must be stored, so a number that is shown as another one is refused by whoever reads the cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

GENERAL = "General"
# Excel writes at most this many characters of a number in the format General.
GENERAL_DIGITS = 11
_COLOURS = re.compile(
    r"\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+|黑色?|蓝色?|红色?|绿色?|白色?|黄色?)\]",
    re.I,
)
_LOCALE = re.compile(r"\[\$([^\]-]*)(?:-[0-9A-Fa-f,]+)?\]")
_CORE = re.compile(r"[#0?,]*(?:\.[#0?]*,*)?")
# Words beside the digits that make another number of them.
_SCALES = re.compile(r"[0-9%‰万千百十亿零〇一二三四五六七八九kKmM]")


@dataclass(frozen=True)
class Shown:
    """The text of a cell, and the number that its digits say; None when something beside them changes it."""

    text: str
    number: Decimal | None


@dataclass(frozen=True)
class _Section:
    """One of the parts of a format that are separated by semicolons."""

    before: str
    core: str
    after: str
    percent: int
    thousands: int


@lru_cache(maxsize=256)
def is_general(code: str) -> bool:
    return code.casefold() in ("general", "g/通用格式", "@", "")


def general(value: float) -> str:
    """A number in the format General, in a column that is wide enough."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    sign, size = ("-", -exact) if exact < 0 else ("", exact)
    if size >= 10**GENERAL_DIGITS or (size and size < Decimal("1e-9")):
        mantissa, power = f"{size:.5E}".split("E")
        return f"{sign}{mantissa.rstrip('0').rstrip('.')}E{int(power):+03d}"
    whole = len(str(int(size)))
    decimals = max(GENERAL_DIGITS - 1 - whole, 0)
    text = f"{size.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text == "0" else sign + text


def number_text(value: float, code: str) -> Shown | None:
    """How a number is shown; None when the format is not one of those understood here."""
    if is_general(code):
        text = general(value)
        return Shown(text, None if "E" in text else Decimal(text))
    sections = _sections(code)
    if sections is None:
        return None
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    index = 2 if exact == 0 and len(sections) > 2 else 1 if exact < 0 and len(sections) > 1 else 0
    section = sections[index]
    # The section for negative numbers says itself how they are marked.
    return _render(section, abs(exact) if index == 1 else exact, negative=exact < 0)


def text_text(value: str, code: str) -> str | None:
    """How text is shown in a cell of that format; None when that is not understood."""
    if is_general(code):
        return value
    parts = _split(code)
    if parts is None:
        return None
    last = parts[-1]
    if len(parts) < 4 and "@" not in last:
        return value
    literal = _literal(last.replace("@", "\0"))
    return None if literal is None else literal.replace("\0", value)


def _render(section: _Section, value: Decimal, negative: bool) -> Shown:
    scaled = value * 100**section.percent / 1000**section.thousands
    if not section.core:
        return Shown(section.before + section.after, None)
    digits = general(float(scaled)) if section.core == GENERAL else _digits(section.core, scaled)
    if "E" in digits:
        return Shown(section.before + digits + section.after, None)
    number = Decimal(digits.replace(",", "").strip() or "0")
    marked = any(mark in section.before for mark in "-(（−")
    if negative and value >= 0:  # the format's own section for negative numbers
        number = -number if marked else number
    text = section.before + digits + section.after
    if digits.startswith("-"):
        text = "-" + section.before + digits[1:] + section.after
    beside = section.before + section.after
    certain = not section.percent and not section.thousands and not _SCALES.search(beside)
    return Shown(text, number if certain else None)


def _digits(core: str, value: Decimal) -> str:
    """The digits of a number in placeholders: 0 always, # only where it counts, ? leaves its room empty."""
    whole_part, _, decimal_part = core.partition(".")
    decimals = len(decimal_part)
    rounded = abs(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    least = whole_part.replace(",", "").lstrip("#?").count("0") if "0" in whole_part else 0
    whole = whole.lstrip("0").rjust(least, "0")
    if "," in whole_part:
        whole = f"{int(whole or 0):,}".rjust(least, "0") if len(whole) > 3 else whole
    kept = len(decimal_part.rstrip("#?"))
    fraction = fraction[:kept] + fraction[kept:].rstrip("0")
    point = "." if "." in core else ""
    sign = "-" if value < 0 and rounded else ""
    return sign + whole + point + fraction


@lru_cache(maxsize=256)
def _sections(code: str) -> tuple[_Section, ...] | None:
    parts = _split(code)
    if parts is None or len(parts) > 4:
        return None
    made = [_section(part) for part in parts[:3]]
    return None if any(part is None for part in made) else tuple(part for part in made if part)


def _split(code: str) -> list[str] | None:
    """The sections of a format without colours; None for conditions and other brackets."""
    text = _COLOURS.sub("", code)
    text = _LOCALE.sub(lambda match: f'"{match[1]}"' if match[1] else "", text)
    parts, current, index = [], "", 0
    while index < len(text):
        char = text[index]
        if char == '"':
            end = text.find('"', index + 1)
            if end < 0:
                return None
            current += text[index : end + 1]
            index = end + 1
        elif char in "\\_*":
            current += text[index : index + 2]
            index += 2
        elif char == "[":
            return None
        elif char == ";":
            parts.append(current)
            current, index = "", index + 1
        else:
            current += char
            index += 1
    return [*parts, current]


def _section(part: str) -> _Section | None:
    bare, literals = _without_literals(part)
    match = re.search(r"[#0?]|general", bare, re.I)
    if not match:
        literal = _literal(part)
        return None if literal is None or "@" in part else _Section(literal, "", "", 0, 0)
    found = _CORE.match(bare, match.start())
    core = match[0] if len(match[0]) > 1 else found[0] if found else ""
    before, after = bare[: match.start()], bare[match.start() + len(core) :]
    # Literals stand as private marks in the bare text: put them back on both sides of the digits.
    words = [_put_back(side, literals) for side in (before, after)]
    if words[0] is None or words[1] is None or re.search(r"[#0?.,/@]", after):
        return None
    if len(match[0]) > 1:
        return _Section(words[0], GENERAL, words[1], bare.count("%"), 0)
    stripped = core.rstrip(",")
    return _Section(words[0], stripped, words[1], bare.count("%"), len(core) - len(stripped))


def _without_literals(part: str) -> tuple[str, list[str]]:
    """The section with each literal replaced by a private mark, and the literals."""
    literals: list[str] = []

    def mark(match: re.Match[str]) -> str:
        text = match[0]
        shown = (
            text[1:-1] if text[0] == '"' else text[1] if text[0] == "\\" else " " if text[0] == "_" else ""
        )
        literals.append(shown)
        return chr(0xE000 + len(literals) - 1)

    return re.sub(r'"[^"]*"|[\\_*].', mark, part), literals


def _put_back(side: str, literals: list[str]) -> str | None:
    result = ""
    for char in side:
        if 0xE000 <= ord(char) < 0xE000 + len(literals):
            result += literals[ord(char) - 0xE000]
        elif char in "$¥￥+-()（）: %" or ord(char) > 0x2E80:
            result += char
        else:
            return None
    return result


def _literal(part: str) -> str | None:
    """A section without placeholders, as it is shown."""
    bare, literals = _without_literals(part)
    text = _put_back(bare.replace("\0", "\ufdd0"), literals)
    return None if text is None else text.replace("\ufdd0", "\0")


@lru_cache(maxsize=256)
def hides_of_date(code: str) -> frozenset[str]:
    """Which of year, month and day a date format does not show."""
    text = re.sub(r'"[^"]*"|[\\_*].|\[[^\]]*\]', "", code.split(";")[0]).casefold()
    months = re.sub(r"h+:?m+|m+:?s+|:m+|m+:", "", text)
    shown = {"year": "y" in text or "e" in text, "month": "m" in months, "day": "d" in text}
    return frozenset(name for name, is_shown in shown.items() if not is_shown)
