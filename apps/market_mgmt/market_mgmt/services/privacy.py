"""Consent to the privacy text comes before anything about a person is stored (PIPL art. 13, 14).

The texts lie in `privacy/<version>.md`; the newest version, by name, is the current one. A new version asks again.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import frappe
from cn_connect.api_errors import refuse
from frappe import _
from frappe.model.document import Document

TEXTS = Path(__file__).parent.parent / "privacy"


@dataclass(frozen=True)
class PrivacyText:
    """A version of the privacy text, in Markdown."""

    version: str
    text: str


@lru_cache(maxsize=1)
def current() -> PrivacyText:
    """The text that holds now."""
    newest = max(TEXTS.glob("*.md"), key=lambda path: path.stem)
    return PrivacyText(newest.stem, newest.read_text(encoding="utf-8"))


def accept(user: str, version: str, now: datetime) -> Document:
    """Records that a user agrees to the current text. Agreeing twice changes nothing.

    Raises ApiError when the version shown to the person is no longer the current one.
    """
    if version != current().version:
        refuse(
            _("The privacy text has changed. Please read the current version."), "PRIVACY_TEXT_CHANGED", 409
        )
    standing = _standing(user, version)
    if standing:
        return frappe.get_doc("Privacy Consent", standing)
    return frappe.get_doc(
        {"doctype": "Privacy Consent", "user": user, "version": version, "accepted_at": now}
    ).insert(ignore_permissions=True)


def accepted(user: str) -> bool:
    """Whether a user's consent to the current text stands."""
    return bool(_standing(user, current().version))


def require(user: str) -> None:
    """Raises ApiError CONSENT_REQUIRED unless the user's consent to the current text stands."""
    if not accepted(user):
        refuse(_("Please read and accept the privacy text first."), "CONSENT_REQUIRED", 403)


def check(consent: Document) -> None:
    """One standing consent per user and version, whatever happens at once."""
    consent.consent_key = None if consent.withdrawn_at else f"{consent.user}|{consent.version}"


def _standing(user: str, version: str) -> str | None:
    return frappe.db.exists("Privacy Consent", {"consent_key": f"{user}|{version}"})
