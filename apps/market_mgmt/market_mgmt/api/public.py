"""Methods for anybody: whether a document is authentic, and the privacy text."""

from typing import cast

from cn_connect import sealed
from cn_connect.api_method import api_method
from market_mgmt.api import answers
from market_mgmt.services import privacy


@api_method(methods=["GET", "POST"], allow_guest=True)
def verify_document(code: str) -> answers.SealedDocument:
    """What a receipt or report with this verification code was issued for; `valid` is false for an unknown code."""
    found = sealed.verify(code.strip().lower())
    if found is None:
        return {"valid": False}
    return cast(answers.SealedDocument, {"valid": not found["void"], **found})


@api_method(methods=["GET", "POST"], allow_guest=True)
def privacy_text() -> answers.PrivacyText:
    """The version and text (Markdown) that an account has to accept before it is bound to a stall."""
    current = privacy.current()
    return {"version": current.version, "text": current.text}
