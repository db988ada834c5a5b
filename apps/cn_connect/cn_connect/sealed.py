"""Documents that anyone can check: a verification code, the hash of what the paper says, and a QR code to both.

The hash is taken over the content (a canonical JSON of what is printed), not over the PDF, because the PDF shows the
hash itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.bulk import bulk_insert

DOCTYPE = "Sealed Document"


@dataclass(frozen=True)
class Seal:
    """What is printed on a sealed document."""

    code: str
    content_hash: str
    issued_at: dt.datetime
    url: str

    @property
    def short_hash(self) -> str:
        """The hash in groups of four, as far as people compare."""
        return " ".join(self.content_hash[i : i + 4] for i in range(0, 32, 4))

    @property
    def qr(self) -> str:
        """The QR code of the verification address as an inline SVG."""
        return qr_svg(self.url)


def issue(
    kind: str,
    reference: str,
    title: str,
    issued_at: dt.datetime,
    content: Mapping[str, Any],
    code: str | None = None,
    new: bool = False,
) -> Seal:
    """Seals a document, under `code` if it has one already. The same document of the same time keeps its code.

    `new` says that it cannot have been sealed before, and saves the look. `title` is shown to everybody who scans the
    code, so it must name nobody.
    """
    issued_at = issued_at.replace(microsecond=0)
    digest = content_hash(content)
    same = {"kind": kind, "reference": reference, "issued_at": issued_at, "content_hash": digest}
    found = None if new else frappe.db.get_value(DOCTYPE, same | ({"name": code} if code else {}), "name")
    code = found or code or secrets.token_hex(16)
    if not found:
        # Written as a row: a document would fill in nothing more, and payments wait for each other meanwhile.
        bulk_insert(DOCTYPE, [{"name": code, "code": code, "title": title, **same}])
    return Seal(code, digest, issued_at, verification_url(code))


def revoke(code: str) -> None:
    """Makes a sealed document void; the verification page says so from then on."""
    document = frappe.get_doc(DOCTYPE, code)
    document.void = 1
    document.save(ignore_permissions=True)


def verify(code: str) -> dict[str, Any] | None:
    """What was issued under a code, for the public: no personal data. None when there is no such code.

    `note` says what has happened since, as the apps know by their hook `sealed_document_note`; empty when nothing has.
    """
    if len(code) != 32 or any(char not in "0123456789abcdef" for char in code):
        return None
    fields = ["kind", "reference", "title", "issued_at", "content_hash", "void"]
    found = frappe.db.get_value(DOCTYPE, code, fields, as_dict=True)
    if not found:
        return None
    return {
        **found,
        "code": code,
        "void": bool(found.void),
        "note": _note(found.kind, found.reference),
    }


def _note(kind: str, reference: str) -> str:
    """What the apps have to say about a document, in sentences that name nobody."""
    said = (frappe.get_attr(hook)(kind, reference) for hook in frappe.get_hooks("sealed_document_note"))
    return "；".join(note for note in said if note)


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 (lower-case hex) of the content: keys sorted, amounts and dates as text."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def verification_url(code: str) -> str:
    """The public page that tells what was issued under the code."""
    return f"{frappe.utils.get_url()}/verify?code={code}"


def qr_svg(text: str) -> str:
    """A QR code (error correction M) as an inline SVG that scales with its box."""
    import segno  # only who prints a document needs it

    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        buffer, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2, nl=False
    )
    return buffer.getvalue().decode()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    raise TypeError(f"cannot be sealed: {type(value).__name__}")
