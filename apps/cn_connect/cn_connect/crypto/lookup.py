"""Normal forms of personal data and the keyed hash that finds a value without decrypting anything. Pure.

HMAC-SM3 with a secret key: without the key, the few hundred million possible phone numbers cannot be tried out. The hash is
lower-case hex, because the database's collation ignores case. The kind is part of it, not the DocType, so that a
phone found at a merchant is the same as one typed at sign-in.
"""

import re
import unicodedata

from cryptography.hazmat.primitives import hashes, hmac

KINDS = ("phone", "id_number", "text")


def normalize(value: str, kind: str) -> str:
    """The form in which equal values are equal: half-width, no separators, no +86, capital X.

    Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of value: {kind}")
    text = unicodedata.normalize("NFKC", value).strip()
    if kind == "phone":
        text = re.sub(r"[\s\-()]", "", text)
        return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", text)
    if kind == "id_number":
        return re.sub(r"[\s\-]", "", text).upper()
    return text


def lookup_hash(key: bytes, value: str, kind: str) -> str:
    """64 lower-case hex digits that stand for the normalized value."""
    mac = hmac.HMAC(key, hashes.SM3())
    mac.update(f"{kind}:{normalize(value, kind)}".encode())
    return mac.finalize().hex()
