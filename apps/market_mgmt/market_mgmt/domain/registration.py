"""Numbers that Chinese registrations carry, and whether they can be right: identity card, business licence, mobile phone."""

import re
from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_LICENCE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def is_id_number(number: str) -> bool:
    """Whether an 18-digit identity number has a real birthday and the right check digit (GB 11643)."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return number[17] == _ID_CHECKS[total % 11]


def is_licence_number(number: str) -> bool:
    """Whether a unified social credit code has the right check character (GB 32100); old 15-digit numbers pass too."""
    if re.fullmatch(r"[0-9]{15}", number):
        return True
    if len(number) != 18 or any(char not in _LICENCE_ALPHABET for char in number):
        return False
    total = sum(_LICENCE_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(number[:17]))
    return number[17] == _LICENCE_ALPHABET[(31 - total % 31) % 31]


def is_mobile(number: str) -> bool:
    """Whether this is an 11-digit mobile number, without separators and country code."""
    return bool(re.fullmatch(r"1[0-9]{10}", number)) and number[1] in "3456789"
