"""How often passwords may be tried. Tries are counted in the shared cache before the password is looked at.

Per account from one address; per address; per account; and on the whole site. Who has signed in from an address before is held
there to the first limit only, so that no stranger's tries lock anybody out of the usual place.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from typing import NamedTuple

import frappe
from frappe import _
from frappe.context import local
from frappe.utils import cint

WINDOW_SECONDS = 15 * 60
PER_ADDRESS, PER_ACCOUNT, PER_SITE = 50, 50, 1000
_KNOWN_SECONDS = 90 * 24 * 3600


class Limit(NamedTuple):
    """So many failures in a window; `strangers`: it is for those only who are new at this address."""

    key: str
    most: int
    strangers: bool


class Attempt:
    """One try at an account from the address of this request."""

    def __init__(self, user: str) -> None:
        account, address = _digest(user.lower()), _network(local.request_ip)
        self._known = frappe.cache.make_key(f"login_known:{account}:{address}")
        settings = frappe.get_system_settings
        pair = cint(settings("allow_consecutive_login_attempts"))
        self._seconds = max(cint(settings("allow_login_after_fail")), WINDOW_SECONDS)
        # In this order: what an earlier one refuses does not use up a later one, which more people share.
        self._limits = [
            Limit(f"address:{address}", PER_ADDRESS, True),
            Limit(f"pair:{account}:{address}", pair, False),
            Limit(f"account:{account}", PER_ACCOUNT, True),
            Limit("site", PER_SITE, True),
        ]

    def count(self) -> None:
        """SecurityException (429, with `retry_after`) when there were too many; the password must not be looked at then."""
        known = frappe.cache.get(self._known) is not None
        self._counted = [limit for limit in self._limits if limit.most and not (known and limit.strangers)]
        for limit in self._counted:
            name, now = _key(limit), int(time.time())
            tries = int(frappe.cache.incrby(name, 1))
            if tries == 1:
                frappe.cache.expire(name, self._seconds)
                frappe.cache.setex(f"{name}:until", self._seconds, now + self._seconds)
            if tries > limit.most:
                until = int(frappe.cache.get(f"{name}:until") or now)
                _refuse(max(until - now, 1))

    def succeeded(self) -> None:
        """Failures count, not successes; and from now on one is no stranger at this address."""
        for limit in self._counted:
            name = _key(limit)
            if int(frappe.cache.incrby(name, -1)) <= 0 or limit.key.startswith("pair:"):
                frappe.cache.delete(name, f"{name}:until")
        frappe.cache.setex(self._known, _KNOWN_SECONDS, 1)


def _refuse(seconds: int) -> None:
    local.response["retry_after"] = seconds
    minutes = -(-seconds // 60)
    message = _("Too many failed attempts to log in. Please try again in {0} minutes.").format(minutes)
    frappe.throw(message, frappe.SecurityException)


def _key(limit: Limit) -> str:
    return frappe.cache.make_key(f"login_tries:{limit.key}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def _network(address: str) -> str:
    """What one person can choose among freely counts as one address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return _digest(address)
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
