"""The page behind the QR code of a receipt or report: what was issued under a code, to compare with the paper."""

from __future__ import annotations

from typing import Any

import frappe
from cn_connect import sealed
from frappe import _
from frappe.utils import get_datetime

no_cache = 1

ASK, UNKNOWN, VOID, VALID = "ask", "unknown", "void", "valid"
CODE_LENGTH = 32


def get_context(context: Any) -> None:
    """One of four states by `?code=`: nothing asked, no such code, void, valid. No personal data."""
    asked = frappe.utils.cstr(frappe.form_dict.get("code")).strip()
    found = sealed.verify("".join(asked.split()).lower()) if asked else None
    context.asked = asked[: 2 * CODE_LENGTH]
    context.code_length = CODE_LENGTH
    context.state = ASK if not asked else UNKNOWN
    if found:
        digest = found["content_hash"]
        context.state = VOID if found["void"] else VALID
        context.kind = _(found["kind"], "zh")
        context.title = found["title"]
        context.note = found["note"]
        context.reference = found["reference"]
        context.issued_at = get_datetime(found["issued_at"]).strftime("%Y-%m-%d %H:%M")
        context.code = found["code"]
        # Paper shows the first half, in groups of four.
        context.printed_hash = [digest[start : start + 4] for start in range(0, CODE_LENGTH, 4)]
        context.content_hash = digest
