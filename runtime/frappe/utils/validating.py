"""Whether a text is an e-mail address, a phone number, a URL."""

from __future__ import annotations

import re
from email.utils import getaddresses
from typing import Any
from urllib.parse import urlparse

import frappe

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)
_PHONE = re.compile(r"[0-9 +_\-,.*#()]{1,20}\Z")


def validate_email_address(email_str: str, throw: bool = False) -> str:
    """The valid addresses among those given, joined by ', '. With `throw` an invalid one raises."""
    given = [address for _name, address in getaddresses([email_str or ""])]
    valid = [address for address in given if _EMAIL.match(address)]
    if throw and email_str and (len(valid) < len(given) or not valid):
        frappe.throw(
            frappe._("{0} is not a valid Email Address").format(frappe.utils.escape_html(email_str)),
            frappe.InvalidEmailAddressError,
        )
    return ", ".join(valid)


def split_emails(txt: str) -> list[str]:
    """The addresses of a list separated by commas."""
    return [part.strip() for part in (txt or "").split(",") if part.strip()]


def validate_phone_number(phone_number: str, throw: bool = False) -> bool:
    """Digits with the usual signs, at most twenty."""
    valid = bool(_PHONE.match((phone_number or "").strip()))
    if throw and not valid:
        frappe.throw(
            frappe._("{0} is not a valid Phone Number").format(phone_number), frappe.InvalidPhoneNumberError
        )
    return valid


def validate_url(txt: Any, throw: bool = False) -> bool:
    """Whether the text is a URL with a host."""
    url = urlparse(txt or "")
    valid = bool(url.netloc) or url.scheme in ("mailto", "tel")
    if throw and not valid:
        frappe.throw(frappe._("'{0}' is not a valid URL").format(frappe.bold(txt)))
    return valid
