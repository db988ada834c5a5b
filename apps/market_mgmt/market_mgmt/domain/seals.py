"""The chain over the ledger: each seal's hash covers the seal before it and the hash of every entry since.

Triggers keep anybody from changing an entry by UPDATE or DELETE; the chain shows what they cannot see: TRUNCATE, a table
put back from elsewhere, a file edited by hand. SHA-256, lower-case hex.
"""

import hashlib
from collections.abc import Iterable, Mapping

START = "0" * 64
_SEPARATOR = "\x1f"


def entry_hash(values: Mapping[str, str | None]) -> str:
    """The hash of an entry's columns by name. Empty ones are left out, so a column that is added later changes nothing."""
    return _sha256(_SEPARATOR.join(f"{column}={value}" for column, value in sorted(values.items()) if value))


def seal_hash(previous: str, entries: Iterable[tuple[str, str]]) -> str:
    """The hash of a seal over (entry, its hash), whatever order they come in."""
    lines = (f"{name}{_SEPARATOR}{digest}" for name, digest in sorted(entries))
    return _sha256("\n".join([previous, *lines]))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
