"""Whether a text is an e-mail address."""

from __future__ import annotations

import re
from email.utils import getaddresses

import frappe

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)


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
