"""How many sign-in codes may be asked for and are sent; counted in the shared cache, whatever becomes of the transaction.

Asking is limited per account and phone, per account, per address and per site, whether or not the phone is on file: the
answers must be the same. Sending is limited per phone, silently for the same reason. A stranger's requests use up the
stranger's own allowance, so that the owner of a phone always gets a code.
"""

from datetime import datetime, timedelta

import frappe
from cn_connect import counters
from cn_connect.china_time import epoch
from cn_connect.errors import TooOften

PAUSE = timedelta(minutes=1)
# How often one account may ask for a code to one phone, for codes to any phone; one address; everybody together.
PAIR_PER_DAY = 5
ACCOUNT_PER_HOUR, ACCOUNT_PER_DAY = 5, 10
ADDRESS_PER_HOUR = 30
SITE_PER_HOUR = 300
# How many messages one phone gets a day, and how many if each is an account's first.
PHONE_PER_DAY, PHONE_PER_DAY_OF_MANY = 10, 30
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_TOO_MANY = "Too many codes were asked for. Please try again in {0} minutes."


def admit(person: str, requester: str, now: datetime) -> None:
    """Counts that `requester` asks for a code to `person` (a phone's hash). Raises TooOften."""
    pair = f"{requester}:{person}"
    last = counters.get(f"sent:{pair}")
    left = int(PAUSE.total_seconds()) - (epoch(now) - last) if last is not None else 0
    # The counter decides between two at once, the time between two in different minutes.
    if left > 0 or counters.bump(f"sent:{pair}:{epoch(now) // 60}", PAUSE) > 1:
        raise TooOften("Please wait {0} seconds before asking for another code.", max(left, 1), max(left, 1))
    address = getattr(frappe.local, "request_ip", None)
    # What an earlier one refuses does not use up a later one, which more people share.
    _spend(f"codes_pair:{pair}", PAIR_PER_DAY, _DAY, now)
    _spend(f"codes_account:{requester}", ACCOUNT_PER_HOUR, _HOUR, now)
    _spend(f"codes_account_day:{requester}", ACCOUNT_PER_DAY, _DAY, now)
    if address:
        _spend(f"codes_address:{address}", ADDRESS_PER_HOUR, _HOUR, now)
    _spend("codes_site", SITE_PER_HOUR, _HOUR, now)
    counters.put(f"sent:{pair}", epoch(now), PAUSE)


def may_send(person: str, requester: str, now: datetime) -> bool:
    """Counts that a code is about to be sent; whether the phone has not had too many today."""
    first = counters.spend(f"phone_pair:{person}:{requester}", 1, _DAY, now) == 0
    total = PHONE_PER_DAY_OF_MANY if first else PHONE_PER_DAY
    return counters.spend(f"phone:{person}", total, _DAY, now) == 0


def _spend(name: str, most: int, period: timedelta, now: datetime) -> None:
    if seconds := counters.spend(name, most, period, now):
        raise TooOften(_TOO_MANY, seconds, -(-seconds // 60))
