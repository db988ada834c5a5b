"""Whether a text is an e-mail address, a phone number, a URL, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from email.utils import getaddresses
from typing import Any
from urllib.parse import urlparse

import frappe
from frappe.utils.text import escape_html

_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)


_PHONE = re.compile(r"[0-9 +_\-,.*#()]{1,20}\Z")


_PHONE_WITH_COUNTRY = re.compile(r"\+\d{1,4}-?\d{4,14}\Z")


_PERSON = re.compile(r"[\w][\w'-]*(?:[ \w'-]*\w)*\Z")


def validate_email_address(email_str: str, throw: bool = False) -> str:
    """The valid addresses among those given, joined by ', '. With `throw` an invalid one raises."""
    valid = []
    for _name, address in getaddresses([email_str or ""]) if email_str else []:
        if _EMAIL.match(address):
            valid.append(address)
            continue
        if throw:
            frappe.throw(
                frappe._("{0} is not a valid Email Address").format(escape_html(email_str)),
                frappe.InvalidEmailAddressError,
            )
    if throw and email_str and not valid:
        frappe.throw(
            frappe._("{0} is not a valid Email Address").format(escape_html(email_str)),
            frappe.InvalidEmailAddressError,
        )
    return ", ".join(valid)


def split_emails(txt: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,\n](?=(?:[^\"]|\"[^\"]*\")*$)", txt or "") if part.strip()]


def extract_email_id(email: str) -> str:
    return parse_addr(email)[1]


def parse_addr(email_string: str) -> tuple[str, str]:
    pairs = getaddresses([email_string])
    return pairs[0] if pairs else ("", email_string)


def validate_phone_number(phone_number: str, throw: bool = False) -> bool:
    """Digits with the usual signs, at most twenty."""
    valid = bool(phone_number and _PHONE.match(phone_number.strip()))
    if throw and not valid:
        frappe.throw(
            frappe._("{0} is not a valid Phone Number").format(phone_number), frappe.InvalidPhoneNumberError
        )
    return valid


def validate_phone_number_with_country_code(phone_number: str, fieldname: str) -> bool:
    if not _PHONE_WITH_COUNTRY.match(phone_number or ""):
        frappe.throw(
            frappe._("Phone Number {0} set in field {1} is not valid.").format(
                frappe.bold(phone_number), frappe.bold(fieldname)
            ),
            frappe.InvalidPhoneNumberError,
        )
    return True


def validate_name(name: str, throw: bool = False) -> bool:
    valid = bool(name and _PERSON.match(name.strip()))
    if throw and not valid:
        frappe.throw(frappe._("{0} is not a valid Name").format(name), frappe.InvalidNameError)
    return valid


def validate_url(txt: Any, throw: bool = False, valid_schemes: str | Container[str] | None = None) -> Any:
    """Whether the text is a URL with a host (and one of the schemes)."""
    if not txt:
        return txt
    url = urlparse(txt)
    valid = bool(url.netloc) or url.scheme in ("mailto", "tel")
    if valid and valid_schemes:
        valid = url.scheme == valid_schemes if isinstance(valid_schemes, str) else url.scheme in valid_schemes
    if throw and not valid:
        frappe.throw(frappe._("'{0}' is not a valid URL").format(frappe.bold(txt)))
    return valid


def validate_json_string(string: str) -> None:
    try:
        json.loads(string)
    except (TypeError, ValueError) as e:
        raise frappe.ValidationError from e
