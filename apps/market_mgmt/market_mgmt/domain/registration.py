"""Numbers that Chinese registrations carry, and whether they can be right: identity, business licence, mobile phone."""

import re
from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# GB 32100: the registering department, then the kind of organisation, then the district.
_CREDIT_CODE = re.compile(r"[1-9ANY][1-9A-GJ-N][1-8][0-9]{5}[0-9A-Z]{10}")
# Exit-entry documents: of Hong Kong and Macao residents (letter and 8 digits, 10 with the number of renewals), of Taiwan
# residents (8 digits; before 2015 10 and a letter), foreigners' permanent residence (3 letters and 12 digits; since 2023
# 18 digits as citizens have).
_PERMITS = tuple(
    re.compile(pattern)
    for pattern in (r"[HM][0-9]{8}(?:[0-9]{2})?", r"[0-9]{8}", r"[0-9]{10}[A-Z]", r"[A-Z]{3}[0-9]{12}")
)
# ICAO 9303: at most nine letters and digits. Less than five digits, or no letter, is none that is known.
_PASSPORT = re.compile(r"(?=(?:.*[0-9]){5})(?=.*[A-Z])[A-Z0-9]{7,9}")


def is_id_number(number: str) -> bool:
    """Whether an 18-digit identity number has a real birthday and the right check digit (GB 11643).

    Residence permits of people from Hong Kong, Macao and Taiwan (81, 82, 83) are numbered in the same way.
    """
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number) or not _birthday(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return number[17] == _ID_CHECKS[total % 11]


def is_credit_code(number: str) -> bool:
    """Whether a unified social credit code (统一社会信用代码) has the right check character (GB 32100)."""
    if not _CREDIT_CODE.fullmatch(number) or any(char not in _CREDIT_ALPHABET for char in number):
        return False
    total = sum(_CREDIT_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(number[:17]))
    return number[17] == _CREDIT_ALPHABET[(31 - total % 31) % 31]


def is_identity(number: str) -> bool:
    """Whether this can be the number by which a tenant is known: of a citizen, an organisation, or a traveller's document.

    What looks like an identity card with one digit wrong is not taken for anything else.
    """
    if re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number) and _birthday(number):
        return is_id_number(number)
    if len(number) == 18:
        return is_credit_code(number)
    return any(pattern.fullmatch(number) for pattern in (*_PERMITS, _PASSPORT))


def is_licence_number(number: str) -> bool:
    """Whether a business licence has the right check character; old 15-digit numbers pass too."""
    return bool(re.fullmatch(r"[0-9]{15}", number)) or is_credit_code(number)


def is_mobile(number: str) -> bool:
    """Whether this is an 11-digit mobile number, without separators and country code."""
    return bool(re.fullmatch(r"1[0-9]{10}", number)) and number[1] in "3456789"


def _birthday(number: str) -> bool:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14])).year >= 1880
    except ValueError:
        return False
