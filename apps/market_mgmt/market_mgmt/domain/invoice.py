"""Invoices (数电票) of receipts: what may follow what, and what their numbers look like.

    Requested → Issued → Red Letter Due → Red Lettered
        ↓
    Rejected

A receipt is never called an invoice. When a receipt whose invoice was issued becomes void, or so much of
its payment goes back that less stays than was invoiced, a red-letter invoice is due; then the rest is invoiced anew.
"""

import re

REQUESTED, ISSUED, REJECTED = "Requested", "Issued", "Rejected"
RED_LETTER_DUE, RED_LETTERED = "Red Letter Due", "Red Lettered"

TRANSITIONS = {
    REQUESTED: (ISSUED, REJECTED),
    ISSUED: (RED_LETTER_DUE, RED_LETTERED),
    RED_LETTER_DUE: (RED_LETTERED,),
    RED_LETTERED: (),
    REJECTED: (),
}
# As long as one of these stands, a receipt gets no second invoice.
STANDING = (REQUESTED, ISSUED, RED_LETTER_DUE)

_NUMBER = re.compile(r"\d{20}")
# Unified social credit code, or the older number of 15 to 20 digits and letters.
_TAX_NUMBER = re.compile(r"[0-9A-Z]{15,20}")


def is_number(text: str) -> bool:
    """Whether a text is the number of a digital invoice: 20 digits."""
    return _NUMBER.fullmatch(text or "") is not None


def is_tax_number(text: str) -> bool:
    """Whether a text looks like a taxpayer's number."""
    return _TAX_NUMBER.fullmatch(text or "") is not None


def may_become(current: str, wanted: str) -> bool:
    """Whether a request of one state may take the other."""
    return wanted in TRANSITIONS[current]
